//go:build linux

package main

import (
	"maps"
	"testing"
	"time"
)

func TestPercentile(t *testing.T) {
	hundred := make([]time.Duration, 100)
	for i := range hundred {
		hundred[i] = time.Duration(i + 1)
	}
	for _, c := range []struct {
		values []time.Duration
		p      int
		want   time.Duration
	}{
		{hundred, 50, 50}, {hundred, 99, 99}, {hundred, 100, 100},
		{hundred[:1], 50, 1}, {hundred[:1], 99, 1},
		{hundred[:10], 99, 10}, {hundred[:3], 50, 2},
	} {
		if got := percentile(c.values, c.p); got != c.want {
			t.Errorf("percentile %d of %d values is %d, want %d", c.p, len(c.values), got, c.want)
		}
	}
}

func TestParseInfo(t *testing.T) {
	cpu, calls := parseInfo("# CPU\r\nused_cpu_sys:0.250000\r\nused_cpu_user:1.500000\r\nused_cpu_sys_children:9.000000\r\n\r\n" +
		"# Commandstats\r\ncmdstat_get:calls=12,usec=34,usec_per_call=2.83,rejected_calls=0,failed_calls=0\r\ncmdstat_client|list:calls=1,usec=5\r\n")
	if cpu != 1750*time.Millisecond {
		t.Errorf("processor time %v", cpu)
	}
	if !maps.Equal(calls, map[string]int64{"get": 12, "client|list": 1}) {
		t.Errorf("calls %v", calls)
	}
}

func TestParseProc(t *testing.T) {
	if got := parseStat("12 (hold (fast) x) S 1 12 12 34816 12 4194304 900 0 0 0 150 25 0 0 20 0 9 0 1 1 1"); got != 1750*time.Millisecond {
		t.Errorf("processor time %v", got)
	}
	resident, peak := parseStatus("Name:\tholdfast\nVmPeak:\t 999 kB\nVmHWM:\t    2048 kB\nVmRSS:\t    1024 kB\nThreads:\t8\n")
	if resident != 1<<20 || peak != 2<<20 {
		t.Errorf("resident %d, peak %d", resident, peak)
	}
}

func TestParseRow(t *testing.T) {
	for line, want := range map[string][2]string{
		"> a0000000 RUNNING agents/pod-0   10.0.0.0   templates/browser 10000000 -         ·······▁  ": {"a0000000", "10000000"},
		"  a0000001 RUNNING agents/pod-1   10.0.0.1   templates/browser      999 -         ▂▁·█····  ": {"a0000001", "999"},
		"  a0000002 RUNNING agents/pod-2   10.0.0.2   templates/browser        7 -                   ": {"a0000002", "7"},
		"  ACTOR    STATUS  WORKER         IP         TEMPLATE           VERSION ATESPACE  ACTIVITY  ": {"", ""},
	} {
		if id, version := parseRow(line); id != want[0] || version != want[1] {
			t.Errorf("%q is actor %q of version %q", line, id, version)
		}
	}
}

func TestCountGoroutines(t *testing.T) {
	dump := "SIGQUIT: quit\nPC=0x490561 m=0 sigcode=0\n\ngoroutine 0 gp=0xf1f8a0 m=0 [idle]:\nruntime.futex()\n\ngoroutine 1 gp=0x33 m=nil [select]:\nmain.main()\n\n" +
		"goroutine 2 gp=0x34 m=nil [force gc (idle)]:\nruntime.gopark()\ncreated by runtime.init.7 in goroutine 1\n\ngoroutine 30 [chan receive]:\nmain.f()\ncreated by main.main in goroutine 1\n\nrax 0x0\n"
	if n := countGoroutines(dump); n != 2 {
		t.Errorf("%d goroutines, want 2", n)
	}
}

func TestTable(t *testing.T) {
	var small, large report
	small.add("first rows", "%d ms", 1)
	large.add("first rows", "%d ms", 2)
	want := "| what | 10 rows | 20 rows |\n|---|---|---|\n| first rows | 1 ms | 2 ms |\n"
	if got := table([]string{"10 rows", "20 rows"}, []report{small, large}); got != want {
		t.Errorf("got\n%swant\n%s", got, want)
	}
	if got := listed(map[string]int64{"get": 2, "client|list": 7, "set": 0}); got != "client list 7, get 2" {
		t.Errorf("listed %q", got)
	}
}
