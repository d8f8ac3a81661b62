package live

import "context"

// Reading makes one reading as Run does: one that somebody asked for, or a quiet one.
func (m *Model) Reading(ctx context.Context, asked bool) error {
	if asked {
		return m.read(ctx, burst)
	}
	return m.read(ctx, background)
}

// What a reading may cost.
var (
	QuietKeys = background.pages * scanCount
	QuietRows = background.turn
)
