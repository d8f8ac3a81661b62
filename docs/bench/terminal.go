//go:build linux

package main

import (
	"fmt"
	"os"
	"regexp"
	"strconv"
	"strings"
	"time"

	"holdfast/docs/rig"
)

const (
	wide = 160
	high = 45

	firstRow  = 3        // line of the first row: below header, tabs and column titles
	lastRow   = high - 4 // above status, message and key hints
	statusRow = high - 3
)

// terminal is one whose table of actors can be read, and whose cost.
type terminal struct{ *rig.Terminal }

// What follows looks at the screen for those who hold Mu.

var place = regexp.MustCompile(`row ([\d,]+) of ([\d,]+)`)

// row is the place of the cursor and the number of rows, as the status line says; zeros if it does not.
func (x terminal) row() (at, of int) {
	m := place.FindStringSubmatch(x.Line(statusRow))
	if m == nil {
		return 0, 0
	}
	number := func(s string) int { n, _ := strconv.Atoi(strings.ReplaceAll(s, ",", "")); return n }
	return number(m[1]), number(m[2])
}

var shown = regexp.MustCompile(`\b(a\d{7}) .* (\d+) +-[\s·▁-█]*$`) // an actor, and its version before the atespace it has not and the changes it had lately

// parseRow reads a line of the table of actors; both are empty if it is none.
func parseRow(line string) (id, version string) {
	if m := shown.FindStringSubmatch(line); m != nil {
		return m[1], m[2]
	}
	return "", ""
}

// rows are the versions of the actors on the screen, by id.
func (x terminal) rows() map[string]string {
	found := map[string]string{}
	for y := firstRow; y <= lastRow; y++ {
		if id, version := parseRow(x.Line(y)); id != "" {
			found[id] = version
		}
	}
	return found
}

// cpu is the time that the command has computed; resident and peak are its memory in bytes.
func (x terminal) cpu() (time.Duration, error) {
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", x.Cmd.Process.Pid))
	if err != nil {
		return 0, err
	}
	return parseStat(string(text)), nil
}

// parseStat adds utime and stime, the 14th and 15th field; the second may hold blanks, in parentheses.
func parseStat(text string) time.Duration {
	const hz = 100 // of every Linux that Go runs on
	fields := strings.Fields(text[strings.LastIndexByte(text, ')')+1:])
	user, _ := strconv.Atoi(fields[11])
	system, _ := strconv.Atoi(fields[12])
	return time.Duration(user+system) * time.Second / hz
}

func (x terminal) memory() (resident, peak int64, err error) {
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", x.Cmd.Process.Pid))
	if err != nil {
		return 0, 0, err
	}
	resident, peak = parseStatus(string(text))
	return resident, peak, nil
}

func parseStatus(text string) (resident, peak int64) {
	for line := range strings.Lines(text) {
		switch f := strings.Fields(line); {
		case len(f) < 2:
		case f[0] == "VmRSS:":
			resident, _ = strconv.ParseInt(f[1], 10, 64)
		case f[0] == "VmHWM:":
			peak, _ = strconv.ParseInt(f[1], 10, 64)
		}
	}
	return resident << 10, peak << 10
}
