package jobs

import (
	"slices"
	"testing"
)

// What says how we reach the server does not reach an editor.
func TestEditorsGetNoSecrets(t *testing.T) {
	got := withoutSecrets([]string{"PATH=/bin", "HOLDFAST_URL=redis://:secret@h", "HOLDFAST_PASSWORD_FILE=/p", "REDISCLI_AUTH=secret", "TERM=x"})
	if !slices.Equal(got, []string{"PATH=/bin", "TERM=x"}) {
		t.Errorf("an editor gets %q", got)
	}
}
