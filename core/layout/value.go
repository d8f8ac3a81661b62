package layout

import (
	"bytes"
	"compress/gzip"
	"compress/zlib"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"math"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"holdfast/core/conn"
	"holdfast/core/kind"
)

// How a stored text becomes the value of a column: decoders, a pointer, a pattern, the words, the type.

// decoders undo encodings. What one cannot undo stays as it is.
var decoders = map[string]func([]byte) ([]byte, error){
	"base64": func(b []byte) ([]byte, error) {
		text := strings.TrimRight(string(b), "=")
		if out, err := base64.RawStdEncoding.DecodeString(text); err == nil {
			return out, nil
		}
		return base64.RawURLEncoding.DecodeString(text)
	},
	"hex":      func(b []byte) ([]byte, error) { return hex.DecodeString(string(b)) },
	"gzip":     func(b []byte) ([]byte, error) { r, err := gzip.NewReader(bytes.NewReader(b)); return unpack(r, err) },
	"protobuf": protobufJSON,
	"zlib":     func(b []byte) ([]byte, error) { r, err := zlib.NewReader(bytes.NewReader(b)); return unpack(r, err) },
}

// unpack reads what was compressed, as much of it as a value may have.
func unpack(r io.Reader, err error) ([]byte, error) {
	if err != nil {
		return nil, err
	}
	out, err := io.ReadAll(io.LimitReader(r, conn.MaxUnasked+1))
	if err == nil && len(out) > conn.MaxUnasked {
		err = conn.ErrTooLarge
	}
	return out, err
}

// formats read times, and durations where unit is set.
var formats = map[string]struct {
	unit time.Duration // of a number
	span bool          // it is a duration
	read func(string) (time.Time, error)
}{
	"unix":    {unit: time.Second},
	"unix-ms": {unit: time.Millisecond},
	"unix-us": {unit: time.Microsecond},
	"unix-ns": {unit: time.Nanosecond},
	"seconds": {unit: time.Second, span: true},
	"ms":      {unit: time.Millisecond, span: true},
	"rfc3339": {read: func(s string) (time.Time, error) { return time.Parse(time.RFC3339Nano, s) }},
	"iso":     {read: readISO},
	"any":     {read: readAny},
}

// readISO reads the forms of ISO 8601 that libraries write; without a zone it is UTC.
func readISO(s string) (time.Time, error) {
	for _, form := range []string{time.RFC3339Nano, "2006-01-02T15:04:05.999999999", "2006-01-02 15:04:05.999999999Z07:00", "2006-01-02 15:04:05.999999999", "2006-01-02T15:04:05.999999999-0700"} {
		if t, err := time.Parse(form, s); err == nil {
			return t, nil
		}
	}
	return time.Time{}, errors.New("not a time of ISO 8601")
}

// readAny reads a time of ISO 8601, or a unix time whose size tells its unit: libraries change it from one version to the next.
func readAny(s string) (time.Time, error) {
	f, err := strconv.ParseFloat(s, 64)
	if err != nil {
		return readISO(s)
	}
	unit := time.Second
	for limit := 1e11; math.Abs(f) >= limit && unit > time.Nanosecond; limit *= 1000 { // 1e11 s are in the year 5138
		unit /= 1000
	}
	return unixTime(s, unit)
}

// refine makes of what was read what the column says; found is false where there is nothing.
func (c *column) refine(raw string) (value string, found bool, err error) {
	for _, name := range c.Decode {
		if out, err := decoders[name]([]byte(raw)); err == nil {
			raw = string(out)
		}
	}
	if c.pointer != nil {
		if raw, found, err = pointAt(raw, c.pointer); err != nil || !found {
			return "", false, err
		}
	}
	if c.pattern != nil {
		m := c.pattern.FindStringSubmatchIndex(raw)
		if m == nil {
			return "", false, nil
		}
		if m[2*c.group] < 0 {
			return "", false, nil
		}
		raw = raw[m[2*c.group]:m[2*c.group+1]]
	}
	if word, has := c.Words[raw]; has {
		raw = word
	}
	return raw, true, nil
}

var errNotJSON = errors.New("not valid JSON")

// set gives a column of the row that is being built its value. Deadlines are on our clock, which for what others wrote
// is taken to be theirs.
func (c *column) set(b *kind.Builder, value string) error {
	switch h := c.handle; h.Type() {
	case kind.TypeText, kind.TypeWord:
		kind.Text{Column: h}.Set(b, value)
	case kind.TypeBytes:
		kind.Bytes{Column: h}.SetText(b, value)
	case kind.TypeInt:
		n, err := wholeNumber(value)
		if err != nil {
			return err
		}
		kind.Int{Column: h}.Set(b, n)
	case kind.TypeUint:
		n, err := strconv.ParseUint(value, 10, 64)
		if err != nil {
			return notNumber(value)
		}
		kind.Uint{Column: h}.Set(b, n)
	case kind.TypeBool:
		yes, err := truth(value)
		if err != nil {
			return err
		}
		kind.Bool{Column: h}.Set(b, yes)
	case kind.TypeDuration:
		d, err := c.span(value)
		if err != nil {
			return err
		}
		kind.Duration{Column: h}.Set(b, d)
	default:
		t, err := c.moment(value)
		if err != nil {
			return err
		}
		kind.Time{Column: h}.Set(b, t)
	}
	return nil
}

func wholeNumber(s string) (int64, error) {
	if n, err := strconv.ParseInt(s, 10, 64); err == nil {
		return n, nil
	}
	f, err := strconv.ParseFloat(s, 64)
	if err != nil || math.IsNaN(f) || math.Abs(f) >= 1<<63 {
		return 0, notNumber(s)
	}
	return int64(f), nil
}

func truth(s string) (bool, error) {
	switch strings.ToLower(s) {
	case "1", "true", "yes", "on":
		return true, nil
	case "", "0", "false", "no", "off":
		return false, nil
	}
	return false, fmt.Errorf("neither true nor false: %s", short(s))
}

// span reads a duration in the column's format.
func (c *column) span(s string) (time.Duration, error) {
	f, err := strconv.ParseFloat(s, 64)
	d := f * float64(formats[c.Format].unit)
	if err != nil || math.IsNaN(d) || math.Abs(d) >= math.MaxInt64 {
		return 0, notNumber(s)
	}
	return time.Duration(d), nil
}

// moment reads a time in the column's format.
func (c *column) moment(s string) (time.Time, error) {
	format := formats[c.Format]
	if format.read != nil {
		t, err := format.read(s)
		if err != nil {
			return time.Time{}, fmt.Errorf("not a time (%s): %s", c.Format, short(s))
		}
		return t.Add(c.add), nil
	}
	t, err := unixTime(s, format.unit)
	if err != nil {
		return time.Time{}, fmt.Errorf("not a time (%s): %s", c.Format, short(s))
	}
	return t.Add(c.add), nil
}

var errNotTime = errors.New("not a unix time")

// unixTime reads the number of units since 1970, whole ones exactly.
func unixTime(s string, unit time.Duration) (t time.Time, err error) {
	if n, err := strconv.ParseInt(s, 10, 64); err == nil {
		perSecond := int64(time.Second / unit)
		t = time.Unix(n/perSecond, n%perSecond*int64(unit))
	} else {
		f, err := strconv.ParseFloat(s, 64)
		if err != nil || math.IsNaN(f) || math.Abs(f) >= 1<<53 {
			return time.Time{}, errNotTime
		}
		seconds := f * unit.Seconds()
		whole := math.Floor(seconds)
		t = time.Unix(int64(whole), int64((seconds-whole)*1e9))
	}
	if y := t.Year(); y < 1 || y > 9999 {
		return time.Time{}, errNotTime
	}
	return t, nil
}

func notNumber(s string) error { return fmt.Errorf("not a number: %s", short(s)) }

// short quotes the beginning of a text.
func short(s string) string {
	const most = 40
	if len(s) > most {
		cut := most
		for cut > 0 && !utf8.RuneStart(s[cut]) {
			cut--
		}
		return strconv.Quote(s[:cut]) + "…"
	}
	return strconv.Quote(s)
}
