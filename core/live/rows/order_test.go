package rows

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"strings"
	"sync/atomic"
	"testing"

	"holdfast/core/kind"
)

// anyRows are rows under IDs that are hard to put in order: of bytes that entries use themselves, short and long.
func anyRows(r *rand.Rand, n int) []kind.Row {
	b, seen := orderSchema.Builder(n), map[string]bool{}
	for range n {
		id := strings.Repeat(string([]byte{0, 1, 'a', 0xff}[r.IntN(4)]), r.IntN(4)*(1+r.IntN(90))) + fmt.Sprint(r.IntN(2*n))
		if seen[id] {
			continue
		}
		seen[id] = true
		b.Row(id)
		orderText.Set(b, []string{"", "a", "a\x00", "a\x00\x00b", "ab", "\xff", fmt.Sprint(r.IntN(50))}[r.IntN(7)])
		orderNumber.Set(b, []int64{0, 1, -1, 255, 256, -256, r.Int64() - r.Int64()}[r.IntN(7)])
		switch r.IntN(20) {
		case 0:
			b.Bad(errors.New("unreadable"))
		case 1:
			orderText.Unknown(b, errors.New("refused"))
			orderNumber.Unknown(b, errors.New("refused"))
		}
	}
	return b.Rows()
}

var (
	orderSchema = kind.NewSchema()
	orderText   = orderSchema.Text("text")
	orderNumber = orderSchema.Int("number")
)

// chosen is what an order has to be: a filter and a stable sort of rows that come in the order of their IDs.
func chosen(t *Table, s Spec) (ids []string) {
	var rows []kind.Row
	for _, r := range t.All(0) {
		if s.Keep == nil || s.Keep(r) {
			rows = append(rows, r)
		}
	}
	sign := 1
	if s.Descending {
		sign = -1
	}
	slices.SortStableFunc(rows, func(a, b kind.Row) int {
		switch {
		case s.Key == nil:
			return sign * strings.Compare(a.ID(), b.ID())
		case a.Bad() && b.Bad():
			return 0
		case a.Bad():
			return 1
		case b.Bad():
			return -1
		}
		return sign * bytes.Compare(s.Key(nil, a), s.Key(nil, b))
	})
	for _, r := range rows {
		ids = append(ids, r.ID())
	}
	return ids
}

func specs() (all []Spec) {
	for _, key := range []func([]byte, kind.Row) []byte{nil, orderText.AppendKey, orderNumber.AppendKey} {
		for _, keep := range []func(kind.Row) bool{nil, func(r kind.Row) bool { return strings.HasSuffix(r.ID(), "7") }} {
			all = append(all, Spec{Keep: keep, Key: key}, Spec{Keep: keep, Key: key, Descending: true})
		}
	}
	return all
}

func idsOf(o *Order) (ids []string) {
	for i := range o.Len() {
		ids = append(ids, o.Row(i).ID())
	}
	return ids
}

// An order is a filter and a stable sort, with however many goroutines it is made; each row is found where it stands; and
// brought up to a later table it is as if it were made anew.
func TestOrders(t *testing.T) {
	for _, n := range []int{0, 1, 100, 2*minPile + 100} {
		r := rand.New(rand.NewPCG(1, uint64(n)))
		rows := anyRows(r, n)
		table := NewTable(orderSchema, rows...)
		later := map[string]kind.Row{}
		for _, row := range append(rows, anyRows(r, n/10)...) {
			later[row.ID()] = row
		}
		maps.DeleteFunc(later, func(string, kind.Row) bool { return r.IntN(5) == 0 })
		next := NewTable(orderSchema, slices.Collect(maps.Values(later))...)
		for i, s := range specs() {
			o, err := Arrange(context.Background(), &table, s)
			if err != nil {
				t.Fatal(err)
			}
			want := chosen(&table, s)
			if got := idsOf(o); !slices.Equal(got, want) {
				t.Fatalf("%d rows, spec %d: %d rows, want %d, or in another order", n, i, len(got), len(want))
			}
			for at, id := range want {
				if at%97 == 0 {
					if found, ok := o.Index(id); !ok || found != at {
						t.Fatalf("%d rows, spec %d: row %d is found at %d, %v", n, i, at, found, ok)
					}
				}
			}
			if got, want := idsOf(o.Follow(&next)), chosen(&next, s); !slices.Equal(got, want) {
				t.Fatalf("%d rows, spec %d: %d rows later, want %d, or in another order", n, i, len(got), len(want))
			}
		}
	}
}

// What nobody waits for any more is not made.
func TestAnOrderEndsWithItsContext(t *testing.T) {
	ctx, cancel := context.WithCancel(context.Background())
	var looked atomic.Int64
	table := NewTable(orderSchema, anyRows(rand.New(rand.NewPCG(1, 1)), 6*checkEvery)...)
	cancel()
	_, err := Arrange(ctx, &table, Spec{Keep: func(kind.Row) bool { looked.Add(1); return true }})
	if !errors.Is(err, context.Canceled) || looked.Load() > int64(table.Len()/2) {
		t.Errorf("it ended with %v after %d of %d rows", err, looked.Load(), table.Len())
	}
}
