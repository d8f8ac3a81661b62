// Package suggest finds the right word that a wrong one was meant to be.
package suggest

import (
	"slices"
	"strings"
)

// DidYouMean ends an error with the right word that is nearest to a wrong one; empty: none is near.
func DidYouMean(word string, words []string) string {
	if len(words) == 0 {
		return ""
	}
	best := Nearest(word, words)
	begins := len(word) > 2 && (strings.HasPrefix(best, word) || strings.HasPrefix(word, best))
	if !begins && edits(strings.ToLower(word), strings.ToLower(best)) > max(1, (len(word)+1)/3) {
		return ""
	}
	return "; did you mean " + best + "?"
}

// Nearest is the word that takes the fewest edits to reach, whatever the case of its letters.
func Nearest(word string, words []string) string {
	word = strings.ToLower(word)
	return slices.MinFunc(words, func(a, b string) int { return edits(word, strings.ToLower(a)) - edits(word, strings.ToLower(b)) })
}

// edits counts the letters to add, drop, change or swap with the next that make one text of another.
func edits(a, b string) int {
	rows := [3][]int{} // of the letters of a: the one before the last, the last, this one
	for i := range rows {
		rows[i] = make([]int, len(b)+1)
	}
	for j := range rows[2] {
		rows[2][j] = j
	}
	for i := 1; i <= len(a); i++ {
		rows[0], rows[1], rows[2] = rows[1], rows[2], rows[0]
		rows[2][0] = i
		for j := 1; j <= len(b); j++ {
			change := rows[1][j-1]
			if a[i-1] != b[j-1] {
				change++
			}
			rows[2][j] = min(change, rows[1][j]+1, rows[2][j-1]+1)
			if i > 1 && j > 1 && a[i-1] == b[j-2] && a[i-2] == b[j-1] {
				rows[2][j] = min(rows[2][j], rows[0][j-2]+1)
			}
		}
	}
	return rows[2][len(b)]
}
