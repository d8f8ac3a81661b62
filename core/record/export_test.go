package record

import (
	"context"
	"errors"
)

// Sweep removes what is overdue, and tells what kept it from that.
func (s *RedisStorage) Sweep(ctx context.Context) error {
	_, due, err := s.overdue(ctx)
	if err != nil || len(due) == 0 {
		return errors.Join(err, errors.New("nothing is overdue"))
	}
	return s.sweep(ctx, due, sweepMax)
}
