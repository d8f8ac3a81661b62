package demo

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"time"

	"holdfast/core/buffer"
)

// store is one write buffer of the shop.
type store struct {
	name   string
	every  time.Duration // between two pushes
	flush  time.Duration // between two flushes; 0: nobody flushes it
	seeded int           // records that are there from the start
	ago    time.Duration // when they were pushed
	record func(r *rand.Rand, n int) map[string]any
}

func stores() []store {
	return []store{
		{"clicks", 250 * time.Millisecond, 12 * time.Second, 20, 5 * time.Second, click},
		{"orders", 900 * time.Millisecond, 20 * time.Second, 10, 12 * time.Second, order},
		{"invoices", 3 * time.Second, 90 * time.Second, 8, 70 * time.Second, invoice},
		{"signups", 2 * time.Second, 40 * time.Second, 5, 25 * time.Second, signup},
		{"eu:returns", 4 * time.Second, time.Minute, 4, 45 * time.Second, refund},
		{audited, 3 * time.Second, 15 * time.Second, 12, 5 * time.Minute, payout},
		{abandoned, 5 * time.Second, 0, 16, 17 * time.Minute, shipment},
	}
}

const (
	audited   = "payouts"   // an auditor holds its lock, so its flusher waits
	abandoned = "shipments" // its flusher dies with the batch prepared

	// backpressure is how many records a producer lets wait: a store that nobody can flush stays small.
	backpressure = 400
)

func (s *session) castBuffers() {
	for _, st := range stores() {
		r := s.stream("producer of " + st.name)
		push := s.producer(r, st)
		s.before(st.ago, func(ctx context.Context) error {
			for range st.seeded {
				if err := push.once(ctx); err != nil {
					return err
				}
			}
			return nil
		})
		s.enter("producer of "+st.name, about(r, st.every), push)
		if st.flush > 0 {
			r := s.stream("flusher of " + st.name)
			s.enter("flusher of "+st.name, about(r, st.flush), s.flusher(r, st))
		}
	}
	die := s.dyingFlusher(s.stream("flusher of " + abandoned))
	s.before(16*time.Minute, die.once)
	s.enter("flusher of "+abandoned, time.Minute, die)

	audit := s.auditor(s.stream("auditor"))
	s.before(4*time.Minute, audit.once)
	s.enter("auditor", time.Minute, audit)
}

// producer pushes records, unless the store is full.
func (s *session) producer(r *rand.Rand, st store) turn {
	number, waiting := 100_000+r.IntN(100_000), int64(0)
	return func(ctx context.Context) (time.Duration, error) {
		var stats buffer.Stats
		var err error
		if waiting >= backpressure {
			stats, err = s.core.Buffers.Stats(ctx, st.name, 0)
		} else {
			number++
			var record []byte
			if record, err = json.Marshal(st.record(r, number)); err == nil {
				stats, err = s.core.Buffers.Push(ctx, st.name, record)
			}
		}
		if err == nil {
			waiting = stats.Count
		}
		return about(r, st.every), err
	}
}

// flusher takes the lock of a store, moves its buffer aside, writes it to a warehouse (which takes a moment and is left
// out here), and empties the batch. While somebody else has the lock it waits.
func (s *session) flusher(r *rand.Rand, st store) turn {
	var token string // of the lock, while it is held
	var batch int64  // that the warehouse is about to have; 0: none
	return func(ctx context.Context) (time.Duration, error) {
		switch {
		case batch != 0:
			err := s.core.Buffers.Empty(ctx, st.name, batch)
			if err == nil {
				batch = 0
			}
			return about(r, st.flush), err
		case token != "":
			held := token
			token = ""
			b, found, err := s.core.Buffers.PrepareToPersist(ctx, st.name, held)
			if !found || err != nil {
				return about(r, st.flush), err
			}
			batch = b.At
			return about(r, 3*time.Second), nil
		}
		held, ok, err := s.core.Buffers.Lock(ctx, st.name, 0, 10*time.Second)
		if !ok || err != nil {
			return about(r, st.flush), err
		}
		token = held
		return 600 * time.Millisecond, nil
	}
}

// dyingFlusher prepares a batch and never comes back to it. Once an operator has flushed that batch, it does so again.
func (s *session) dyingFlusher(r *rand.Rand) turn {
	var left int64 // the batch it left
	return func(ctx context.Context) (time.Duration, error) {
		if left != 0 {
			stats, err := s.core.Buffers.Stats(ctx, abandoned, left)
			if err != nil || stats.Count > 0 {
				return time.Minute, err
			}
		}
		at, _, err := s.core.Buffers.Prepare(ctx, abandoned, "")
		if errors.Is(err, buffer.ErrLocked) {
			err = nil
		}
		left = at
		return about(r, 2*time.Minute), err
	}
}

// auditor keeps one store locked, and takes the lock again some time after it expired or an operator took it away.
func (s *session) auditor(r *rand.Rand) turn {
	return func(ctx context.Context) (time.Duration, error) {
		_, _, err := s.core.Buffers.Lock(ctx, audited, 0, 20*time.Minute)
		return about(r, 3*time.Minute), err
	}
}

// The records of the stores. Optional members make the sets of names grow.

func order(r *rand.Rand, n int) map[string]any {
	o := map[string]any{
		"order": fmt.Sprintf("o-%d", n), "customer": customer(r), "lines": 1 + r.IntN(6), "total": price(r),
		"currency": pick(r, []string{"EUR", "EUR", "USD", "GBP"}),
	}
	if r.IntN(5) == 0 {
		o["coupon"] = pick(r, []string{"SPRING", "WELCOME10", "FREESHIP"})
	}
	return o
}

func click(r *rand.Rand, n int) map[string]any {
	c := map[string]any{
		"n": n, "path": fmt.Sprintf("/p/%d", 1000+r.IntN(300)), "session": fmt.Sprintf("s-%06x", r.IntN(1<<24)), "ms": 3 + r.IntN(90),
	}
	if r.IntN(3) == 0 {
		c["referrer"] = pick(r, []string{"https://search.example", "https://news.example/today", "mail"})
	}
	return c
}

func invoice(r *rand.Rand, n int) map[string]any {
	return map[string]any{
		"invoice": fmt.Sprintf("inv-%d", n), "customer": customer(r), "net": price(r),
		"vat_percent": pick(r, []int{7, 19, 20, 25}), "paid": r.IntN(3) > 0,
	}
}

func signup(r *rand.Rand, n int) map[string]any {
	return map[string]any{
		"user": fmt.Sprintf("u-%d", n), "plan": pick(r, []string{"free", "free", "team", "enterprise"}),
		"city": pick(r, []string{"Köln", "São Paulo", "東京", "Łódź", "Denver"}),
	}
}

func refund(r *rand.Rand, n int) map[string]any {
	return map[string]any{
		"return": fmt.Sprintf("r-%d", n), "order": fmt.Sprintf("o-%d", n-r.IntN(2000)),
		"reason": pick(r, []string{"too small", "too late", "broken", "changed mind"}),
	}
}

func payout(r *rand.Rand, n int) map[string]any {
	return map[string]any{"payout": fmt.Sprintf("po-%d", n), "seller": customer(r), "amount": price(r), "iban_end": fmt.Sprintf("%04d", r.IntN(10_000))}
}

func shipment(r *rand.Rand, n int) map[string]any {
	carrier := pick(r, []string{"north", "express", "bike"})
	return map[string]any{"shipment": fmt.Sprintf("sh-%d", n), "carrier": carrier, "kg": float64(1+r.IntN(200)) / 10}
}

func customer(r *rand.Rand) string { return fmt.Sprintf("c-%d", 10_000+r.IntN(5_000)) }

func price(r *rand.Rand) float64 { return float64(99+r.IntN(30_000)) / 100 }
