package text

import "github.com/dustin/go-humanize"

func Count(n int) string { return humanize.Comma(int64(n)) }

func Bytes(n int64) string {
	if n == 1 {
		return "1 byte"
	}
	return humanize.Comma(n) + " bytes"
}
