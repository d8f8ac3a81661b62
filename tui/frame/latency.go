package frame

import "time"

// Latency is the server's round trip as the header shows it: it moves when the server does, not with every measurement,
// because what differs is sent to a terminal that may be far away.
type Latency struct {
	last  time.Duration // as measured
	mean  time.Duration // of the last few
	Shown time.Duration
}

// Take takes in what was measured last.
func (l *Latency) Take(measured time.Duration) {
	if measured == l.last {
		return // the same measurement, in a newer snapshot
	}
	if l.mean == 0 {
		l.mean = measured
	}
	l.last, l.mean = measured, l.mean+(measured-l.mean)/8
	if 3*l.mean > 5*l.Shown || 5*l.mean < 3*l.Shown {
		l.Shown = twoDigits(l.mean)
	}
}

func twoDigits(d time.Duration) time.Duration {
	unit := time.Microsecond
	for d >= 100*unit {
		unit *= 10
	}
	return d.Round(unit)
}
