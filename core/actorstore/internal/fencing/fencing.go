// Package fencing names the counters of locks' fencing numbers.
package fencing

import (
	"strconv"
	"strings"

	"holdfast/core/conn"
)

// Counter names the counter of a lock's fencing numbers. It lies in the lock's hash slot, and no two locks share one:
//
//	lock:a     {lock:a}:fence    the key as the hash tag
//	lock:{a}   lock:{a}::fence   a hash tag of its own is kept
//	a}b        {9}a}b:.:fence    a brace that is no tag cannot stand inside one: a number of the same slot tags it
//
// The byte before ":fence" tells the three apart.
func Counter(lock string) string {
	switch {
	case conn.HashTag(lock) != lock:
		return lock + "::fence"
	case strings.IndexByte(lock, '}') < 0:
		return "{" + lock + "}:fence"
	}
	want := slot(lock)
	for n := 0; ; n++ {
		if tag := strconv.Itoa(n); slot(tag) == want {
			return "{" + tag + "}" + lock + ":.:fence"
		}
	}
}

// Lock is the lock that a key is the counter of, if it is one.
func Lock(counter string) (string, bool) {
	body, ok := strings.CutSuffix(counter, ":fence")
	if !ok || body == "" {
		return "", false
	}
	lock := body[:len(body)-1]
	switch body[len(body)-1] {
	case '}':
		lock = strings.TrimPrefix(lock, "{")
	case '.':
		_, lock, _ = strings.Cut(strings.TrimSuffix(lock, ":"), "}")
	}
	return lock, lock != "" && Counter(lock) == counter
}

// slot is the hash slot of a whole text: CRC-16/XMODEM modulo 16,384.
func slot(text string) uint16 {
	var crc uint16
	for i := range len(text) {
		crc ^= uint16(text[i]) << 8
		for range 8 {
			if crc&0x8000 != 0 {
				crc = crc<<1 ^ 0x1021
			} else {
				crc <<= 1
			}
		}
	}
	return crc % 16384
}
