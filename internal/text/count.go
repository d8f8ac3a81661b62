package text

import "github.com/dustin/go-humanize"

// Count writes a number with commas.
func Count(n int) string { return humanize.Comma(int64(n)) }

// Bytes writes a size in bytes.
func Bytes(n int64) string {
	if n == 1 {
		return "1 byte"
	}
	return humanize.Comma(n) + " bytes"
}
