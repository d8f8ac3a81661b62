package rows

import (
	"testing"
	"time"

	"holdfast/core/kind"
)

// However deadlines are moved, and rows come and go, no more is kept than the rows need.
func TestDeadlinesForgetWhatIsOld(t *testing.T) {
	schema := kind.NewSchema()
	ends := schema.Deadline("ends")
	start := time.Unix(1000, 0)
	row := func(id string, end int) kind.Row {
		return schema.One(id, func(b *kind.Builder) { ends.Set(b, start.Add(time.Duration(end)*time.Second)) })
	}
	var d Deadlines
	for i := range 10_000 {
		d.Watch(row("moved", 60+i), start)
	}
	if n := len(d.queue); n > 10 {
		t.Errorf("%d entries for one row", n)
	}
	for i := range 100_000 {
		d.Watch(row("comes and goes", 1000+i), start)
		d.Forget("comes and goes")
	}
	if n := len(d.queue); n > 2*dueSpare || d.Len() != 1 {
		t.Errorf("%d entries for one row and one that came and went", n)
	}
	d.Forget("moved")
	if len(d.queue) != 0 || d.Len() != 0 {
		t.Errorf("%d entries for no rows", len(d.queue))
	}
}
