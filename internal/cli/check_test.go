package cli

import (
	"encoding/json"
	"encoding/xml"
	"strings"
	"testing"

	"github.com/prometheus/common/expfmt"
	"github.com/prometheus/common/model"

	"holdfast/internal/redistest"
)

// sick is a server with something bad (one side of an assignment) and something to warn of (a lock for ever), with bytes that
// no format may take as its own.
func sick(t *testing.T) *redistest.Server {
	t.Helper()
	s := redistest.Start(t)
	c := s.Client(t)
	for key, value := range map[string]string{
		"lock:job:\x1b[31m<&\"'|\xff": "tok\x00en\n]]>",
		"worker:ns:p:w":               `{"workerNamespace":"ns","workerPool":"p","workerPod":"w","actorId":"ghost","version":"1"}`,
	} {
		if err := c.Set(t.Context(), key, value, 0).Err(); err != nil {
			t.Fatal(err)
		}
	}
	return s
}

// A check fails on what is bad; on what is to be warned of if it is asked to; and on nothing where nothing is wrong.
func TestCheckFailsOnWhatIsBad(t *testing.T) {
	s := sick(t)
	c := s.Client(t)
	exits := func(want int, args ...string) string {
		t.Helper()
		a := holdfast(t, append([]string{"check", "--url", s.URL()}, args...)...)
		code, out, stderr := a.code, a.out, a.errors
		if code != want || stderr != "" {
			t.Errorf("%q: exit %d, want %d: %s", args, code, want, stderr)
		}
		return out
	}
	if out := exits(1); !strings.Contains(out, "assignment-one-sided") || !strings.Contains(out, "lock-never-expires") || !strings.Contains(out, "unknown") {
		t.Errorf("printed\n%s", out)
	}
	c.Del(t.Context(), "worker:ns:p:w")
	exits(0)
	exits(1, "--fail-on", "warn")
	c.FlushAll(t.Context())
	exits(0, "--fail-on", "warn")
	for _, args := range [][]string{{"-o", "yaml"}, {"--fail-on", "info"}} {
		if code := holdfast(t, append([]string{"check", "--url", s.URL()}, args...)...).code; code != 2 {
			t.Errorf("%q: exit %d", args, code)
		}
	}
	s.Kill()
	if a := holdfast(t, "check", "--url", s.URL()); a.code != 4 || a.errors == "" {
		t.Errorf("a server that is away: exit %d, %q", a.code, a.errors)
	}
}

// Each format is read by a reader that is not ours.
func TestCheckFormatsAreRead(t *testing.T) {
	s := sick(t)
	read := func(format string) string {
		t.Helper()
		a := holdfast(t, "check", "--url", s.URL(), "-o", format)
		code, out, stderr := a.code, a.out, a.errors
		if code != 1 || stderr != "" {
			t.Fatalf("%s: exit %d: %s", format, code, stderr)
		}
		if strings.Contains(out, "\x1b") {
			t.Errorf("%s: raw bytes of a stranger:\n%q", format, out)
		}
		return out
	}

	var object struct {
		Counts   map[string]int
		Findings []struct {
			Severity, Code, Kind string
			Row                  any
			Evidence             map[string]any
		}
		Unknown []struct{ Code, Reason string }
	}
	if err := json.Unmarshal([]byte(read("json")), &object); err != nil {
		t.Fatal(err)
	}
	if object.Counts["bad"] != 1 || object.Counts["warn"] != 1 || object.Findings[0].Row != "ns:p:w" || len(object.Unknown) == 0 || object.Unknown[0].Reason == "" {
		t.Errorf("json: %+v", object)
	}
	if one := object.Findings[1]; one.Code != "lock-never-expires" || one.Evidence["token"] != "tok\x00en\n]]>" {
		t.Errorf("json: %+v", one)
	}

	var suite struct {
		Tests    int `xml:"tests,attr"`
		Failures int `xml:"failures,attr"`
		Cases    []struct {
			Name    string `xml:"name,attr"`
			Failure []struct {
				Message string `xml:"message,attr"`
			} `xml:"failure"`
			Out string `xml:"system-out"`
		} `xml:"testcase"`
	}
	if err := xml.Unmarshal([]byte(read("junit")), &suite); err != nil {
		t.Fatal(err)
	}
	told := ""
	for _, c := range suite.Cases {
		for _, f := range c.Failure {
			told += c.Name + ": " + f.Message
		}
		told += c.Out
	}
	if suite.Tests != len(suite.Cases) || suite.Failures != 1 || !strings.Contains(told, "assignment-one-sided: workers ns:p:w: the actor is missing") || !strings.Contains(told, "never expires") {
		t.Errorf("junit: %d of %d failed: %s", suite.Failures, suite.Tests, told)
	}

	parser := expfmt.NewTextParser(model.UTF8Validation)
	families, err := parser.TextToMetricFamilies(strings.NewReader(read("prometheus")))
	if err != nil {
		t.Fatal(err)
	}
	found := map[string]float64{}
	for _, m := range families["holdfast_findings"].GetMetric() {
		for _, l := range m.GetLabel() {
			if l.GetName() == "code" {
				found[l.GetValue()] += m.GetGauge().GetValue()
			}
		}
	}
	if found["assignment-one-sided"] != 1 || found["lock-never-expires"] != 1 || found["lock-held-long"] != 0 || len(found) < 40 {
		t.Errorf("prometheus: %v", found)
	}

	line := read("nagios")
	says, numbers, bar := strings.Cut(line, " | ")
	if !strings.HasPrefix(says, "HOLDFAST CRITICAL - 1 bad, 1 warn, ") || !bar || !strings.HasPrefix(numbers, "bad=1 warn=1 info=") || strings.Count(line, "|") != 1 || strings.Count(line, "\n") != 1 {
		t.Errorf("nagios: %q", line)
	}
}
