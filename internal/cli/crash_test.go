package cli

import (
	"bytes"
	"strings"
	"testing"

	"holdfast/internal/text"
)

// crashing is a stream that panics with what a stranger wrote.
type crashing struct{ says string }

func (c crashing) Write([]byte) (int, error) { panic(c.says) }

// A crash of a verb prints where it was and exits with 1; no byte of a stranger's reaches the terminal raw.
func TestACrashPrintsNothingRaw(t *testing.T) {
	var errors bytes.Buffer
	code := run(ctx, []string{"version"}, nil, crashing{"\x1b]52;c;eA==\a\u202e"}, &errors)
	if code != failed || !strings.Contains(errors.String(), "holdfast: crashed: ") || !strings.Contains(errors.String(), "crash_test.go") {
		t.Errorf("exit %d, %q", code, &errors)
	}
	for line := range strings.Lines(errors.String()) {
		if line = strings.TrimSuffix(line, "\n"); text.Clean(line) != line {
			t.Errorf("raw: %q", line)
		}
	}
}
