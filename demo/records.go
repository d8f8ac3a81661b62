package demo

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"math/rand/v2"
	"time"

	"holdfast/core/record"
)

// config is one document that services read and a rollout changes, under compare-and-set.
type config struct {
	namespace string
	key       record.Key
	value     string
}

func configs() []config {
	return []config{
		{"config", "checkout/limits", `{"limits":{"items":50,"total":5000},"rollout":{"percent":10,"ring":"canary"},"owners":["team-checkout"]}`},
		{"config", "checkout/payment", `{"providers":[{"name":"card","weight":80},{"name":"invoice","weight":20}],"rollout":{"percent":55,"ring":"early"}}`},
		{"config", "flags/new-cart", `{"enabled":true,"rollout":{"percent":25,"ring":"early"},"countries":["DE","FR","BR"]}`},
		{"config", "flags/one-page-signup", `{"enabled":false,"rollout":{"percent":0,"ring":"none"}}`},
		{"config", "mail/templates/welcome", `{"subject":{"de":"Willkommen","pt":"Boas-vindas","ja":"ようこそ"},"rollout":{"percent":100,"ring":"all"}}`},
		{"config", "search/ranking", `{"weights":{"title":3.5,"body":1,"recency":0.25},"rollout":{"percent":70,"ring":"half"},"model":"r-2024-11"}`},
		{"eu:billing", "tariffs 2025", `{"currency":"EUR","vat":{"DE":19,"FR":20},"rollout":{"percent":40,"ring":"early"}}`},
		{"config", "motd", "\x1b[2J\x1b]0;gotcha\a\u202esale\u202c \xff\xfe\nsecond line"}, // what no terminal may see raw
	}
}

func (s *session) castRecords() {
	r := s.stream("rollout")
	for _, c := range configs() {
		s.before(3*time.Minute, func(ctx context.Context) error { return s.restore(ctx, c) })
	}
	s.enter("rollout", 500*time.Millisecond, s.rollout(r))
}

func (s *session) restore(ctx context.Context, c config) error {
	space, err := s.core.Records(c.namespace)
	if err == nil {
		_, err = space.Create(ctx, record.Record{Key: c.key, Value: record.Value(c.value)})
	}
	return err
}

// rollout moves one document a step on. One that was deleted it restores, and one that an operator made into something
// else it leaves alone.
func (s *session) rollout(r *rand.Rand) turn {
	return func(ctx context.Context) (time.Duration, error) {
		rest := about(r, 800*time.Millisecond)
		c := pick(r, configs())
		space, err := s.core.Records(c.namespace)
		if err != nil {
			return rest, err
		}
		was, err := space.Get(ctx, c.key)
		if errors.Is(err, record.ErrNotFound) {
			return rest, s.restore(ctx, c)
		}
		if err != nil {
			return rest, err
		}
		value, ok := s.moved(r, was.Value)
		if !ok {
			return rest, nil
		}
		_, err = space.CasByVersion(ctx, record.Record{Key: c.key, Value: value, Version: was.Version})
		return rest, err
	}
}

// moved is a document with its rollout a step on; whatever else an operator put there stays. ok is false where there is
// no rollout in it.
func (s *session) moved(r *rand.Rand, value record.Value) (out record.Value, ok bool) {
	var doc map[string]any
	d := json.NewDecoder(bytes.NewReader(value))
	d.UseNumber()
	if d.Decode(&doc) != nil {
		return nil, false
	}
	rollout, ok := doc["rollout"].(map[string]any)
	if !ok {
		return nil, false
	}
	percent := r.IntN(101)
	rollout["percent"], rollout["at"] = percent, s.now.UTC().Format(time.RFC3339)
	rollout["ring"] = []string{"none", "canary", "early", "half", "all"}[percent/25]
	out, err := json.Marshal(doc)
	return out, err == nil
}
