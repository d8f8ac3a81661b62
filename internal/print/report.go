package print

import (
	"encoding/json"
	"encoding/xml"
	"fmt"
	"io"
	"strconv"
	"strings"
	"time"

	"holdfast/core/insight"
	"holdfast/core/live"
	"holdfast/internal/text"
)

// Report is how the findings of a check are written.
type Report string

// The formats of `holdfast check`.
const (
	ReportTable      Report = "table"
	ReportJSON       Report = "json"
	ReportJUnit      Report = "junit"
	ReportPrometheus Report = "prometheus"
	ReportNagios     Report = "nagios"
)

// ParseReport reads the argument of -o.
func ParseReport(s string) (Report, error) {
	switch r := Report(s); r {
	case ReportTable, ReportJSON, ReportJUnit, ReportPrometheus, ReportNagios:
		return r, nil
	}
	return "", fmt.Errorf("unknown format %q: one of table json junit prometheus nagios", s)
}

// Checked is what a check has found.
type Checked struct {
	Place    string // the server
	Findings *insight.Findings
	Snapshot *live.Snapshot // that they were found in
	At       time.Time
	FailOn   insight.Severity
}

// Write writes the findings.
func (r Report) Write(w io.Writer, c Checked) error {
	switch r {
	case ReportJSON:
		return c.json(w)
	case ReportJUnit:
		return c.junit(w)
	case ReportPrometheus:
		return c.prometheus(w)
	case ReportNagios:
		return c.nagios(w)
	}
	return c.table(w)
}

func (c Checked) each(fn func(insight.Finding) error) error {
	for i := range c.Findings.Len() {
		if err := fn(c.Findings.Finding(i)); err != nil {
			return err
		}
	}
	return nil
}

// counts says how many there are of each severity: "2 bad, 1 warn, 0 info, 3 unknown".
func (c Checked) counts() string {
	var parts []string
	for _, s := range insight.Severities() {
		parts = append(parts, fmt.Sprintf("%d %s", c.Findings.Count(s), s))
	}
	return strings.Join(append(parts, fmt.Sprintf("%d unknown", len(c.Findings.Unknown))), ", ")
}

func about(f insight.Finding) string {
	if f.Kind == "" {
		return strings.TrimSpace("server " + f.Row)
	}
	return string(f.Kind) + " " + f.Row
}

func (c Checked) table(w io.Writer) error {
	out, err := Printer{Format: Table, Out: w}.Begin("severity", "code", "about", "text")
	if err != nil {
		return err
	}
	err = out.Rows(func(yield func(Row) bool) {
		for i := range c.Findings.Len() {
			f := c.Findings.Finding(i)
			if !yield(Row{Values: []any{f.Severity.String(), string(f.Code), about(f), f.Text(c.At)}}) {
				return
			}
		}
		for _, u := range c.Findings.Unknown {
			if !yield(Row{Values: []any{"unknown", string(u.Code), string(u.Kind), u.Reason}}) {
				return
			}
		}
	})
	if err != nil {
		return err
	}
	return out.End()
}

// json is one object. Bytes that are no UTF-8 stand as {"base64": ...}.
func (c Checked) json(w io.Writer) error {
	type finding struct {
		Severity string         `json:"severity"`
		Code     string         `json:"code"`
		Kind     string         `json:"kind,omitempty"`
		Row      any            `json:"row,omitempty"`
		Since    time.Time      `json:"since"`
		Text     any            `json:"text"`
		Evidence map[string]any `json:"evidence,omitempty"`
	}
	type unknown struct {
		Code   string `json:"code"`
		Kind   string `json:"kind,omitempty"`
		Reason string `json:"reason"`
	}
	out := struct {
		Server   string         `json:"server"`
		At       time.Time      `json:"at"`
		Counts   map[string]int `json:"counts"`
		Excluded int            `json:"excluded"`
		Findings []finding      `json:"findings"`
		Unknown  []unknown      `json:"unknown"`
	}{Server: c.Place, At: c.At.UTC(), Counts: map[string]int{}, Excluded: c.Findings.Excluded, Findings: []finding{}, Unknown: []unknown{}}
	for _, s := range insight.Severities() {
		out.Counts[s.String()] = c.Findings.Count(s)
	}
	_ = c.each(func(f insight.Finding) error {
		one := finding{f.Severity.String(), string(f.Code), string(f.Kind), nil, f.Since, jsonText(f.Text(c.At)), nil}
		if f.Row != "" {
			one.Row = jsonText(f.Row)
		}
		for _, e := range f.Evidence(c.Snapshot) {
			if one.Evidence == nil {
				one.Evidence = map[string]any{}
			}
			one.Evidence[e.Name] = jsonValue(e.Value)
		}
		out.Findings = append(out.Findings, one)
		return nil
	})
	for _, u := range c.Findings.Unknown {
		out.Unknown = append(out.Unknown, unknown{string(u.Code), string(u.Kind), u.Reason})
	}
	enc := json.NewEncoder(w)
	enc.SetEscapeHTML(false)
	enc.SetIndent("", "  ")
	return enc.Encode(out)
}

func jsonText(s string) any {
	if s == strings.ToValidUTF8(s, "") {
		return s
	}
	return map[string]any{"base64": []byte(s)}
}

func jsonValue(v any) any {
	switch v := v.(type) {
	case string:
		return jsonText(v)
	case []byte:
		return jsonText(string(v))
	case time.Time:
		if v.IsZero() {
			return nil
		}
	case time.Duration:
		return v.Milliseconds()
	case error:
		return map[string]string{"error": v.Error()}
	}
	return v
}

// junit has a test case a rule: a finding that is as bad as what the check fails on is a failure, others stand in its output,
// and what is unknown is skipped.
func (c Checked) junit(w io.Writer) error {
	type message struct {
		Message string `xml:"message,attr"`
		Text    string `xml:",chardata"`
	}
	type testcase struct {
		Name    string    `xml:"name,attr"`
		Class   string    `xml:"classname,attr"`
		Failure []message `xml:"failure"`
		Skipped *message  `xml:"skipped"`
		Out     string    `xml:"system-out,omitempty"`
	}
	suite := struct {
		XMLName  xml.Name   `xml:"testsuite"`
		Name     string     `xml:"name,attr"`
		Tests    int        `xml:"tests,attr"`
		Failures int        `xml:"failures,attr"`
		Skipped  int        `xml:"skipped,attr"`
		At       string     `xml:"timestamp,attr"`
		Cases    []testcase `xml:"testcase"`
	}{Name: "holdfast check " + c.Place, At: c.At.UTC().Format(time.RFC3339)}
	place := map[string]int{}
	for _, r := range insight.Rules() {
		if _, twice := place[string(r.Code)]; !twice {
			place[string(r.Code)] = len(suite.Cases)
			suite.Cases = append(suite.Cases, testcase{Name: string(r.Code), Class: "holdfast." + r.Severity.String()})
		}
	}
	_ = c.each(func(f insight.Finding) error {
		in := &suite.Cases[place[string(f.Code)]]
		says := about(f) + ": " + f.Text(c.At)
		if f.Severity <= c.FailOn {
			in.Failure = append(in.Failure, message{Message: says, Text: f.Severity.String()})
		} else {
			in.Out += f.Severity.String() + ": " + says + "\n"
		}
		return nil
	})
	for _, u := range c.Findings.Unknown {
		if in := &suite.Cases[place[string(u.Code)]]; len(in.Failure) == 0 && in.Skipped == nil {
			in.Skipped = &message{Message: "unknown: " + u.Reason}
		}
	}
	suite.Tests = len(suite.Cases)
	for _, one := range suite.Cases {
		if len(one.Failure) > 0 {
			suite.Failures++
		}
		if one.Skipped != nil {
			suite.Skipped++
		}
	}
	if _, err := io.WriteString(w, xml.Header); err != nil {
		return err
	}
	enc := xml.NewEncoder(w)
	enc.Indent("", "  ")
	if err := enc.Encode(suite); err != nil {
		return err
	}
	_, err := io.WriteString(w, "\n")
	return err
}

// prometheus has a number a rule: its labels do not grow with the rows.
func (c Checked) prometheus(w io.Writer) error {
	var b strings.Builder
	b.WriteString("# HELP holdfast_findings What is wrong, by rule.\n# TYPE holdfast_findings gauge\n")
	counts := map[[2]string]int{}
	_ = c.each(func(f insight.Finding) error { counts[[2]string{string(f.Code), f.Severity.String()}]++; return nil })
	told := map[[2]string]bool{}
	for _, r := range insight.Rules() {
		for _, s := range insight.Severities() {
			key := [2]string{string(r.Code), s.String()}
			if told[key] || s != r.Severity && counts[key] == 0 {
				continue
			}
			told[key] = true
			fmt.Fprintf(&b, "holdfast_findings{code=%s,severity=%s} %d\n", strconv.Quote(key[0]), strconv.Quote(key[1]), counts[key])
		}
	}
	b.WriteString("# HELP holdfast_findings_unknown Whether a rule could not tell of all rows.\n# TYPE holdfast_findings_unknown gauge\n")
	unknown := map[insight.Code]bool{}
	for _, u := range c.Findings.Unknown {
		if !unknown[u.Code] {
			unknown[u.Code] = true
			fmt.Fprintf(&b, "holdfast_findings_unknown{code=%s} 1\n", strconv.Quote(string(u.Code)))
		}
	}
	fmt.Fprintf(&b, "# HELP holdfast_check_timestamp_seconds When the check was made.\n# TYPE holdfast_check_timestamp_seconds gauge\nholdfast_check_timestamp_seconds %d\n", c.At.Unix())
	_, err := io.WriteString(w, b.String())
	return err
}

// nagios is one line, with numbers behind a bar that no text may hold.
func (c Checked) nagios(w io.Writer) error {
	state := "OK"
	switch f := c.Findings; {
	case f.Count(insight.Bad) > 0:
		state = "CRITICAL"
	case f.Count(insight.Warn) > 0:
		state = "WARNING"
	}
	line := "HOLDFAST " + state + " - " + c.counts()
	if c.Findings.Len() > 0 {
		f := c.Findings.Finding(0)
		line += "; " + string(f.Code) + ": " + about(f) + ": " + f.Text(c.At)
	}
	line = strings.ReplaceAll(text.Clean(line), "|", "/")
	for i, s := range insight.Severities() {
		sep := " "
		if i == 0 {
			sep = " | "
		}
		line += fmt.Sprintf("%s%s=%d", sep, s, c.Findings.Count(s))
	}
	_, err := fmt.Fprintln(w, line)
	return err
}
