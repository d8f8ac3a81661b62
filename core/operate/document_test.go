package operate_test

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"
	"pgregory.net/rapid"

	"holdfast/core/actorstore"
	"holdfast/core/conn"
	"holdfast/core/kind"
	"holdfast/core/operate"
	"holdfast/core/record"
)

func TestAnEditChangesWhatWasEditedAndNothingElse(t *testing.T) {
	each(t, func(t *testing.T, s *stage) {
		on := s.populate(t)
		for _, tt := range []struct {
			of                kind.Name
			id, key, old, new string
		}{
			{"actors", "a1", "actor:a1", "10.0.0.7", "10.0.0.8"},
			{"workers", "ns:pool:pod-0", "worker:ns:pool:pod-0", `"actorId": "a1"`, `"actorId": "a2"`},
			{"records", on.recordID, "rec:{ns}:r:k%3A1", "old", "new"},
		} {
			doc := s.load(t, tt.of, tt.id)
			before, life := dump(t, s.c)[tt.key], s.c.PTTL(ctx, tt.key).Val()
			out := s.do(t, planned(t)(s.Edit(doc, strings.Replace(doc.Text(), tt.old, tt.new, 1))))
			after := dump(t, s.c)[tt.key]
			want := strings.Replace(before, strings.ReplaceAll(tt.old, `": "`, `":"`), strings.ReplaceAll(tt.new, `": "`, `":"`), 1)
			switch tt.of {
			case "actors":
				want = strings.Replace(want, `"version":"7"`, `"version":"8"`, 1)
			case "workers":
				want = strings.Replace(want, `"version":"2"`, `"version":"3"`, 1)
			default:
				rec, err := s.core.Live.ReadRow(ctx, tt.of, tt.id)
				version, lease, value := record.RecordColumns.Version.Of(rec), record.RecordColumns.Lease.Of(rec), record.RecordColumns.Value.Text(rec)
				if err != nil || version <= on.version || lease == 0 || value != "new" {
					t.Errorf("version %d, lease %d, %q, %v", version, lease, value, err)
				}
				want = after
			}
			if after != want {
				t.Errorf("%s:\n%s, want\n%s", tt.of, after, want)
			}
			if now := s.c.PTTL(ctx, tt.key).Val(); now > life || (life > 0 && life-now > time.Minute) {
				t.Errorf("%s lived %v and now %v", tt.of, life, now)
			}
			trail := s.trail(t)
			e := trail[len(trail)-1]
			stored := s.load(t, tt.of, tt.id)
			if !sameBytes(e["before"], map[string]any{"body": string(doc.Body), "version": doc.Version}) ||
				!sameBytes(e["after"], map[string]any{"body": string(stored.Body), "version": stored.Version}) {
				t.Errorf("%v", e)
			}
			undone := s.do(t, *out.Undo)
			if back := s.load(t, tt.of, tt.id); strings.Replace(string(back.Body), `"9"`, `"7"`, 1) != string(doc.Body) && tt.of != "workers" {
				t.Errorf("undo gave %s", back.Body)
			}
			if _, err := s.Do(ctx, *out.Undo); !errors.Is(err, operate.ErrConflict) {
				t.Errorf("undone twice: %v", err)
			}
			s.do(t, *undone.Undo)
		}
	})
}

func TestALostRaceIsAConflictAndWritesNothing(t *testing.T) {
	each(t, func(t *testing.T, s *stage) {
		on := s.populate(t)
		for _, tt := range []struct {
			of kind.Name
			id string
		}{{"actors", "a1"}, {"workers", "ns:pool:pod-0"}, {"records", on.recordID}} {
			doc := s.load(t, tt.of, tt.id)
			mine := planned(t)(s.Edit(doc, strings.NewReplacer("10.0.0.7", "10.0.0.1", "old", "mine", "a1", "mine").Replace(doc.Text())))
			if tt.of != "records" { // immutable members stay
				mine = planned(t)(s.Edit(doc, strings.Replace(doc.Text(), "{", `{ "mine": 1,`, 1)))
			}
			theirs := planned(t)(s.Edit(doc, strings.Replace(strings.Replace(doc.Text(), "old", "theirs", 1), "{", `{ "theirs": 1,`, 1)))
			s.do(t, theirs)
			before := dump(t, s.c)
			_, err := s.Do(ctx, mine)
			if !errors.Is(err, operate.ErrConflict) || !errors.Is(err, conn.ErrPrecondition) {
				t.Errorf("%s: %v", tt.of, err)
			}
			if _, err := s.Do(ctx, planned(t)(s.Delete(tt.of, tt.id, doc.Version))); !errors.Is(err, operate.ErrConflict) {
				t.Errorf("delete of %s: %v", tt.of, err)
			}
			if after := dump(t, s.c); !sameBytes(before, after) {
				t.Errorf("%s: before %v\nafter %v", tt.of, before, after)
			}
		}
	})
}

func TestADocumentThatIsGoneIsAConflictForItsEditorOnly(t *testing.T) {
	s := single(t, operate.Options{})
	on := s.populate(t)
	actor, rec := s.load(t, "actors", "a1"), s.load(t, "records", on.recordID)
	if err := s.c.Del(ctx, "actor:a1", "rec:{ns}:r:k%3A1").Err(); err != nil {
		t.Fatal(err)
	}
	for _, a := range []operate.Action{
		planned(t)(s.Edit(actor, strings.Replace(actor.Text(), "RUNNING", "PAUSED", 1))), planned(t)(s.Edit(rec, "mine")),
	} {
		if _, err := s.Do(ctx, a); !errors.Is(err, operate.ErrConflict) {
			t.Errorf("%s: %v", a.Kind, err)
		}
	}
	if _, err := s.Load(ctx, "actors", "a1"); !errors.Is(err, actorstore.ErrNotFound) || errors.Is(err, conn.ErrPrecondition) {
		t.Errorf("load: %v", err)
	}
	if _, err := s.Do(ctx, planned(t)(s.Save("records", on.recordID, "x"))); !errors.Is(err, record.ErrNotFound) || errors.Is(err, conn.ErrPrecondition) {
		t.Errorf("save: %v", err)
	}
}

// What the operator asks for and the primitive refuses is no conflict: nobody changed anything.
func TestWhatMayNotBeChangedIsRefusedAsSuch(t *testing.T) {
	s := single(t, operate.Options{})
	s.populate(t)
	doc := s.load(t, "actors", "a1")
	for text, want := range map[string]error{
		strings.Replace(doc.Text(), `"tmpl"`, `"other"`, 1): actorstore.ErrFailedPrecondition,
		strings.Replace(doc.Text(), `"a1"`, `"a2"`, 1):      actorstore.ErrFailedPrecondition,
		`{"actorId":"a1","version":true}`:                   actorstore.ErrInvalid,
	} {
		_, err := s.Do(ctx, planned(t)(s.Edit(doc, text)))
		if !errors.Is(err, want) || errors.Is(err, operate.ErrConflict) {
			t.Errorf("%s: %v", text, err)
		}
	}
	if _, err := s.Do(ctx, planned(t)(s.Delete("actors", "a1", 7))); !errors.Is(err, actorstore.ErrFailedPrecondition) || errors.Is(err, operate.ErrConflict) {
		t.Errorf("delete: %v", err)
	}
	if got := s.c.Get(ctx, "actor:a1").Val(); got != actorA1 {
		t.Error(got)
	}
	for _, of := range []kind.Name{"buffers", "locks", "", "nonsense"} {
		if _, err := s.Load(ctx, of, "x"); err == nil || !strings.Contains(err.Error(), "cannot be edited") {
			t.Errorf("%q: %v", of, err)
		}
		_, edit := s.Edit(operate.Document{Kind: of}, "x")
		_, save := s.Save(of, "x", "y")
		_, remove := s.Delete(of, "x", 1)
		if edit == nil || save == nil || remove == nil {
			t.Errorf("%q: %v %v %v", of, edit, save, remove)
		}
	}
}

func TestDeleteKeepsTheDocumentInTheTrail(t *testing.T) {
	s := single(t, operate.Options{})
	on := s.populate(t)
	out := s.do(t, planned(t)(s.Delete("actors", "off", 3)))
	s.do(t, planned(t)(s.Delete("records", on.recordID, on.version)))
	for i, want := range []any{map[string]any{"body": actorOff, "version": 3}, map[string]any{"body": "old", "version": on.version}} {
		if e := s.trail(t)[i]; !sameBytes(e["before"], want) || e["after"] != nil {
			t.Error(e)
		}
	}
	if out.Undo == nil {
		t.Errorf("%+v", out)
	}
	if s.c.Exists(ctx, "actor:off", "rec:{ns}:r:k%3A1").Val() != 0 {
		t.Error("something is left")
	}
	if _, err := s.Do(ctx, planned(t)(s.Delete("actors", "off", 3))); !errors.Is(err, actorstore.ErrNotFound) || errors.Is(err, conn.ErrPrecondition) {
		t.Error(err)
	}
}

func TestReleasingALeaseTakesItsRecords(t *testing.T) {
	each(t, func(t *testing.T, s *stage) {
		on := s.populate(t)
		s.do(t, s.ReleaseLease(on.lease, 1))
		if row, err := s.core.Live.ReadRow(ctx, "records", on.recordID); err != nil || !row.None() {
			t.Errorf("%v, %v", row, err)
		}
		if e := s.trail(t)[0]; !sameBytes(e["before"], map[string]any{"records": []string{"k:1"}}) {
			t.Error(e)
		}
		if _, err := s.Do(ctx, s.ReleaseLease(on.lease, 1)); !errors.Is(err, record.ErrWrongLeaseId) {
			t.Errorf("twice: %v", err)
		}
	})
}

func TestSaveTakesTextThatWasMadeFromWhatIsStored(t *testing.T) {
	each(t, func(t *testing.T, s *stage) {
		on := s.populate(t)
		stale := strings.Replace(strings.Replace(actorA1, `"7"`, `"6"`, 1), "pod-0", "pod-9", 1)
		for text, stored := range map[string]string{
			stale: "version 6, the stored one has version 7",
			strings.Replace(stale, `"version":"6"`, `"version" : 8`, 1): "version 8",
		} {
			_, err := s.Do(ctx, planned(t)(s.Save("actors", "a1", text)))
			if !errors.Is(err, operate.ErrConflict) || !strings.Contains(err.Error(), stored) {
				t.Errorf("%v, want %s", err, stored)
			}
		}
		var pretty bytes.Buffer
		_ = json.Indent(&pretty, []byte(actorA1), "> ", "\t")
		for _, same := range []string{actorA1, actorA1 + "\n", strings.ReplaceAll(pretty.String(), "> ", "")} {
			if out := s.do(t, planned(t)(s.Save("actors", "a1", same))); !strings.Contains(out.Text, "no change") || !sameBytes(out.Before, out.After) {
				t.Errorf("%+v", out)
			}
		}
		if got := s.c.Get(ctx, "actor:a1").Val(); got != actorA1 {
			t.Errorf("written without a change: %s", got)
		}
		s.do(t, planned(t)(s.Save("actors", "a1", strings.Replace(actorA1, "pod-0", "pod-9", 1))))
		s.do(t, planned(t)(s.Save("actors", "a1", strings.Replace(strings.Replace(actorA1, "pod-0", "pod-5", 1), `"version":"7",`, "", 1))))
		want := strings.Replace(strings.Replace(actorA1, "pod-0", "pod-5", 1), `"7"`, `"9"`, 1)
		if got := s.c.Get(ctx, "actor:a1").Val(); got != want {
			t.Errorf("%s, want\n%s", got, want)
		}
		// A record's value is the caller's: what looks like a version in it is none.
		s.do(t, planned(t)(s.Save("records", on.recordID, `{"version":"99"}`)))
		if _, err := s.Do(ctx, planned(t)(s.Save("records", on.recordID, `{"version":`))); err == nil || !strings.Contains(err.Error(), "not valid JSON") {
			t.Error(err)
		}
	})
}

// between changes a key after the document was read and before it is replaced.
type between struct {
	redis.Hook
	meddle func()
}

func (b *between) DialHook(next redis.DialHook) redis.DialHook { return next }
func (b *between) ProcessPipelineHook(next redis.ProcessPipelineHook) redis.ProcessPipelineHook {
	return next
}
func (b *between) ProcessHook(next redis.ProcessHook) redis.ProcessHook {
	return func(ctx context.Context, cmd redis.Cmder) error {
		err := next(ctx, cmd)
		if cmd.Name() == "get" && b.meddle != nil {
			b.meddle()
			b.meddle = nil
		}
		return err
	}
}

func TestSaveIsACompareAndSet(t *testing.T) {
	for name, meddle := range map[string]func(c redis.UniversalClient) error{
		"changed": func(c redis.UniversalClient) error {
			return c.Set(ctx, "actor:a1", strings.Replace(actorA1, `"7"`, `"8"`, 1), 0).Err()
		},
		"deleted": func(c redis.UniversalClient) error { return c.Del(ctx, "actor:a1").Err() },
	} {
		s := single(t, operate.Options{})
		s.populate(t)
		s.core.Conn.AddHook(&between{meddle: func() {
			if err := meddle(s.c); err != nil {
				t.Error(err)
			}
		}})
		_, err := s.Do(ctx, planned(t)(s.Save("actors", "a1", strings.Replace(actorA1, "pod-0", "pod-9", 1))))
		if !errors.Is(err, operate.ErrConflict) {
			t.Errorf("%s: %v", name, err)
		}
		if got := s.c.Get(ctx, "actor:a1").Val(); strings.Contains(got, "pod-9") {
			t.Errorf("%s: %s", name, got)
		}
	}
}

// Text that nobody touched means no change, for any bytes; a changed token leaves every other as it was spelled.
func TestTheEditorGivesBackEveryToken(t *testing.T) {
	s := single(t, operate.Options{})
	json := []string{"12345678901234567890", "1.0", "1e400", "-0", `"\u00e9\/<\u2028"`, `"é   \" x"`, "[]", "{}", "null", "[1,[2,{}]]", `{"z":1,"a":2,"z":3}`}
	value := rapid.OneOf(
		rapid.Map(rapid.SliceOfN(rapid.SampledFrom(json), 0, 4), func(v []string) []byte { return []byte("[" + strings.Join(v, ",") + "]") }),
		rapid.Map(rapid.SliceOfN(rapid.SampledFrom(json), 1, 4), func(v []string) []byte { return []byte(`{"k":` + strings.Join(v, `,"k":`) + "}") }),
		rapid.SliceOf(rapid.Byte()),
		rapid.Map(rapid.String(), func(s string) []byte { return []byte(s) }),
		rapid.SampledFrom([][]byte{nil, []byte("\n"), []byte("a\n\n"), []byte("{ }"), []byte("{\"a\": 1}\n"), []byte("[1]\n"), []byte("\xff\n"), []byte("text\r\n")}),
	)
	rapid.Check(t, func(t *rapid.T) {
		doc := operate.Document{Kind: "records", ID: "ns:k", Version: 1, Body: value.Draw(t, "body")}
		text := doc.Text()
		if _, err := s.Edit(doc, text); !errors.Is(err, operate.ErrUnchanged) {
			t.Fatalf("%q as %q: %v", doc.Body, text, err)
		}
		if !bytes.HasSuffix(doc.Body, []byte("\n")) && doc.Extension() == ".txt" {
			if _, err := s.Edit(doc, text+"\n"); !errors.Is(err, operate.ErrUnchanged) {
				t.Fatalf("%q with the line end of an editor: %v", doc.Body, err)
			}
		}
	})
	doc := operate.Document{Kind: "records", ID: "ns:k", Version: 1, Body: []byte(`{"big":12345678901234567890,"e":"\u00e9\/","z":1,"a":[]}`)}
	if !strings.Contains(doc.Text(), "\n  \"big\": 12345678901234567890,\n") || doc.Extension() != ".json" {
		t.Errorf("%s %s", doc.Extension(), doc.Text())
	}
}

func TestBinaryIsEditedAsBase64OrRefused(t *testing.T) {
	s := single(t, operate.Options{})
	space, err := s.core.Records("ns")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := space.Create(ctx, record.Record{Key: "b", Value: []byte("\xff\x00\n")}); err != nil {
		t.Fatal(err)
	}
	doc := s.load(t, "records", "ns:b")
	if doc.Text() != "/wAK\n" || doc.Extension() != ".base64" {
		t.Errorf("%q %s", doc.Text(), doc.Extension())
	}
	if _, err := s.Edit(doc, "\xff\x00"); err == nil || !strings.Contains(err.Error(), "base64") {
		t.Error(err)
	}
	out := s.do(t, planned(t)(s.Edit(doc, "dGV4\ndA==")))
	if got := s.load(t, "records", "ns:b"); string(got.Body) != "text" {
		t.Errorf("%q", got.Body)
	}
	s.do(t, *out.Undo)
	if got := s.load(t, "records", "ns:b"); string(got.Body) != "\xff\x00\n" {
		t.Errorf("undo gave %q", got.Body)
	}
	if e := s.trail(t)[0]; !sameBytes(e["before"].(map[string]any)["body"], map[string]string{"base64": "/wAK"}) {
		t.Error(e)
	}
}

// After a conflict an editor shows what is there now and what was to be saved: both as text, or both as base64. Going on
// with the latter saves exactly what was meant.
func TestBothSidesOfAConflictAreShownInOneForm(t *testing.T) {
	s := single(t, operate.Options{})
	version := 0
	put := func(value string) operate.Document {
		version++
		if err := s.c.HSet(ctx, "rec:{ns}:r:k", "value", value, "version", version, "lease", 0).Err(); err != nil {
			t.Fatal(err)
		}
		return s.load(t, "records", "ns:k")
	}
	values := []string{"text", "dGV4dA==", "\xff", "\xfe\n\x01", `{"a":1}`, `[{}]`}
	json := func(v string) bool { return v[0] == '{' || v[0] == '[' }
	for _, start := range values {
		for _, now := range values {
			for _, want := range values {
				doc := put(start)
				text := want
				if doc.Extension() == ".base64" {
					text = base64.StdEncoding.EncodeToString([]byte(want))
				}
				plan, err := s.Edit(doc, text)
				if err != nil {
					if want != start && !json(start) { // JSON stays JSON
						t.Errorf("%q to %q: %v", start, want, err)
					}
					continue
				}
				theirs, mine := put(now).Beside(plan)
				if _, err := s.Do(ctx, plan); !errors.Is(err, operate.ErrConflict) {
					t.Errorf("%q, now %q: %v", start, now, err)
				}
				again, err := s.Edit(theirs, mine)
				switch {
				case errors.Is(err, operate.ErrUnchanged) && now == want:
				case err != nil && json(now) && !json(want):
				case err != nil:
					t.Errorf("%q, now %q, to be %q: %v", start, now, want, err)
				default:
					s.do(t, again)
					if got := s.load(t, "records", "ns:k"); string(got.Body) != want {
						t.Errorf("%q, now %q, to be %q, became %q", start, now, want, got.Body)
					}
				}
			}
		}
	}
}
