//go:build linux

package main

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"
)

// report is what was seen at one size, in the order of the tables.
type report []line

type line struct{ what, seen string }

func (r *report) add(what, format string, args ...any) {
	*r = append(*r, line{what, fmt.Sprintf(format, args...)})
}

// table sets reports side by side. They have the same lines.
func table(titles []string, reports []report) string {
	var b strings.Builder
	fmt.Fprintf(&b, "| what | %s |\n|---|%s\n", strings.Join(titles, " | "), strings.Repeat("---|", len(titles)))
	for i, l := range reports[0] {
		fmt.Fprintf(&b, "| %s |", l.what)
		for _, r := range reports {
			fmt.Fprintf(&b, " %s |", r[i].seen)
		}
		b.WriteString("\n")
	}
	return b.String()
}

// latencies tells p50, p99 and the slowest.
func latencies(took []time.Duration) string {
	slices.Sort(took)
	return fmt.Sprintf("%s / %s / %s", ms(percentile(took, 50)), ms(percentile(took, 99)), ms(took[len(took)-1]))
}

// percentile is the least of the sorted values that p per cent of them do not exceed (nearest rank).
func percentile(sorted []time.Duration, p int) time.Duration {
	return sorted[(len(sorted)*p+99)/100-1]
}

func ms(d time.Duration) string {
	f := float64(d) / float64(time.Millisecond)
	if f < 100 {
		return fmt.Sprintf("%.1f ms", f)
	}
	return fmt.Sprintf("%.0f ms", f)
}

func mb(bytes int64) string { return fmt.Sprintf("%.1f MB", float64(bytes)/1e6) }

// listed names commands, the most frequent first.
func listed(calls map[string]int64) string {
	names := slices.SortedFunc(maps.Keys(calls), func(a, b string) int {
		if calls[a] != calls[b] {
			return int(calls[b] - calls[a])
		}
		return strings.Compare(a, b)
	})
	var parts []string
	for _, name := range names {
		if n := calls[name]; n > 0 {
			parts = append(parts, fmt.Sprintf("%s %d", strings.ReplaceAll(name, "|", " "), n))
		}
	}
	if parts == nil {
		return "none"
	}
	return strings.Join(parts, ", ")
}
