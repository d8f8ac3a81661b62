package kvstore

import (
	"fmt"

	"holdfast/core/conn"
)

// Effects makes the one change of a Put: every pair checked (ErrKey, ErrExpireTS), and of duplicate keys only the last.
func Effects(pairs []*KVPair) ([]*TrxnRecord, error) {
	effects := make([]*TrxnRecord, 0, len(pairs))
	var last map[string]int // where the last pair of each key stands; a single pair needs none
	if len(pairs) > 1 {
		last = make(map[string]int, len(pairs))
	}
	for i, p := range pairs {
		if p == nil {
			return nil, fmt.Errorf("%w: there is no pair", ErrKey)
		}
		t := &TrxnRecord{Type: TrxnPut, Key: p.Key, Value: p.Value, ExpireTS: p.ExpireTS}
		if err := t.check(); err != nil {
			return nil, err
		}
		if last != nil {
			last[string(p.Key)] = i
		}
		effects = append(effects, t)
	}
	if len(last) == len(effects) || last == nil {
		return effects, nil
	}
	kept := effects[:0]
	for i, t := range effects {
		if last[string(t.Key)] == i {
			kept = append(kept, t)
		}
	}
	return kept, nil
}

// CheckChange tells whether a change from elsewhere can be applied: ErrChange, besides the cause.
func CheckChange(c *ChangeRecord) error {
	if c == nil {
		return fmt.Errorf("%w: there is none", ErrChange)
	}
	op := fmt.Sprintf("change %d", c.ChangeNumber)
	if c.ChangeNumber > MaxChangeNumber {
		return conn.Fail(op, "", fmt.Errorf("%w: the number is too great", ErrChange))
	}
	for _, t := range c.Trxns {
		if t == nil {
			return conn.Fail(op, "", fmt.Errorf("%w: an effect is missing", ErrChange))
		}
		if err := t.check(); err != nil {
			return conn.Fail(op, string(t.Key), fmt.Errorf("%w: %w", ErrChange, err))
		}
	}
	return nil
}

func (t *TrxnRecord) check() error {
	if err := CheckKey(t.Key); err != nil {
		return err
	}
	switch {
	case t.Type != TrxnPut && t.Type != TrxnDelete:
		return fmt.Errorf("unknown type %d", t.Type)
	case t.ExpireTS > MaxExpireTS:
		return fmt.Errorf("%w: %d", ErrExpireTS, t.ExpireTS)
	}
	return nil
}
