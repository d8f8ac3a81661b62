package live

import "context"

// Reading makes one reading as Run does: one that somebody asked for, or a quiet one.
func (m *Model) Reading(ctx context.Context, asked bool) error {
	pages := quietPages
	if asked {
		pages = hastyPages
	}
	return m.read(ctx, pages, publishEvery)
}

// What a reading may cost.
const (
	QuietKeys   = quietPages * scanCount
	RollingRows = rollingRows
	ReadBatch   = readBatch
)
