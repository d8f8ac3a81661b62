package genstore_test

import (
	"errors"
	"math"
	"strconv"
	"strings"
	"testing"

	"github.com/redis/go-redis/v9"
	"pgregory.net/rapid"

	"holdfast/core/genstore"
	"holdfast/internal/redistest"
)

// Whatever else is stored, a bump refuses it and changes no byte of it, nor its life; reads refuse the same.
func TestStoredValues(t *testing.T) {
	const end = "9223372036854775807"
	good := []string{
		"0", "1", "9", "41", "999999999999998", "999999999999999", "1000000000000000", "9007199254740991", "9007199254740992",
		"9007199254740993", "9999999999999999", "1999999999999999999", "1000000000000000000", "9223371999999999999", "9223372036854775806",
	}
	bad := map[string]error{end: genstore.ErrExhausted}
	for _, text := range []string{
		"", " ", "-1", "-0", "-9223372036854775808", "+1", "007", "00", "1 ", " 1", "1.5", "1e3", "0x1", "1_0", "abc", "1\n", "1\x00",
		"9223372036854775808", "18446744073709551615", "10000000000000000000", "99999999999999999999", "٣",
	} {
		bad[text] = genstore.ErrNotGeneration
	}
	redistest.Each(t, func(t *testing.T, c redis.UniversalClient) {
		for name, s := range stores(c) {
			for _, text := range good {
				set(t, c, "gen:ns:k", text)
				n, _ := strconv.ParseUint(text, 10, 64)
				if got, err := s.Snapshot(ctx, "k"); err != nil || got != n {
					t.Errorf("%s: snapshot of %q is %d, %v", name, text, got, err)
				}
				if got, err := s.Bump(ctx, "k"); err != nil || got != n+1 {
					t.Errorf("%s: bump of %q gave %d, %v", name, text, got, err)
				}
				if got := c.Get(ctx, "gen:ns:k").Val(); got != strconv.FormatUint(n+1, 10) {
					t.Errorf("%s: bump of %q stored %q", name, text, got)
				}
			}
			for text, want := range bad {
				set(t, c, "gen:ns:k", text)
				if got, err := s.Bump(ctx, "k"); !errors.Is(err, want) || got != 0 {
					t.Errorf("%s: bump of %q gave %d, %v; want %v", name, text, got, err, want)
				}
				if got := c.Get(ctx, "gen:ns:k").Val(); got != text {
					t.Errorf("%s: a refused bump of %q stored %q", name, text, got)
				}
				if ttl := c.PTTL(ctx, "gen:ns:k").Val(); ttl != -1 {
					t.Errorf("%s: a refused bump of %q set the TTL %v", name, text, ttl)
				}
				if got, err := s.Snapshot(ctx, "k"); want == genstore.ErrNotGeneration && (!errors.Is(err, want) || got != 0) {
					t.Errorf("%s: snapshot of %q is %d, %v", name, text, got, err)
				}
			}
		}
		set(t, c, "gen:ns:k", end)
		if got, err := stores(c)["plain"].Snapshot(ctx, "k"); err != nil || got != math.MaxInt64 {
			t.Errorf("the last generation reads %d, %v", got, err)
		}
	})
}

func TestBumpAddsExactlyOneToEveryGeneration(t *testing.T) {
	redistest.Each(t, func(t *testing.T, c redis.UniversalClient) {
		s := genstore.NewRedisGenStore(c, "ns")
		rapid.Check(t, func(t *rapid.T) {
			was := rapid.Uint64Range(0, math.MaxInt64-1).Draw(t, "was")
			if err := c.Set(ctx, "gen:ns:k", was, 0).Err(); err != nil {
				t.Fatal(err)
			}
			if got, err := s.Bump(ctx, "k"); err != nil || got != was+1 {
				t.Fatalf("got %d, %v", got, err)
			}
			if got := c.Get(ctx, "gen:ns:k").Val(); got != strconv.FormatUint(was+1, 10) {
				t.Fatalf("stored %q", got)
			}
		})
	})
}

func TestAKeyOfAnotherTypeIsRefusedAndLeftAlone(t *testing.T) {
	make := map[string]func(c redis.UniversalClient, key string) error{
		"list": func(c redis.UniversalClient, key string) error { return c.RPush(ctx, key, "1").Err() },
		"hash": func(c redis.UniversalClient, key string) error { return c.HSet(ctx, key, "f", "1").Err() },
		"set":  func(c redis.UniversalClient, key string) error { return c.SAdd(ctx, key, "1").Err() },
		"zset": func(c redis.UniversalClient, key string) error { return c.ZAdd(ctx, key, redis.Z{Member: "1"}).Err() },
	}
	redistest.Each(t, func(t *testing.T, c redis.UniversalClient) {
		for name, s := range stores(c) {
			for kind, create := range make {
				key := "gen:ns:" + kind
				if c.Del(ctx, key); create(c, key) != nil {
					t.Fatal("cannot create", key)
				}
				if _, err := s.Bump(ctx, kind); !errors.Is(err, genstore.ErrNotGeneration) || !strings.Contains(err.Error(), key) {
					t.Errorf("%s: bump of a %s: %v", name, kind, err)
				}
				if _, err := s.Snapshot(ctx, kind); !errors.Is(err, genstore.ErrNotGeneration) || !strings.Contains(err.Error(), key) {
					t.Errorf("%s: snapshot of a %s: %v", name, kind, err)
				}
				if got, ttl := c.Type(ctx, key).Val(), c.PTTL(ctx, key).Val(); got != kind || ttl != -1 {
					t.Errorf("%s: the %s became a %s with TTL %v", name, kind, got, ttl)
				}
			}
		}
	})
}
