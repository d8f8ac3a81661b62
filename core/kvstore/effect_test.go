package kvstore_test

import (
	"bytes"
	"errors"
	"fmt"
	"testing"

	"pgregory.net/rapid"

	"holdfast/core/kvstore"
)

func TestEffectsKeepTheLastOfEachKey(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var pairs []*kvstore.KVPair
		want := map[string]string{}
		for i, k := range rapid.SliceOfN(rapid.SampledFrom([]string{"a", "b", "c", "d"}), 0, 9).Draw(t, "keys") {
			pairs = append(pairs, &kvstore.KVPair{Key: []byte(k), Value: fmt.Append(nil, i), ExpireTS: uint64(i)})
			want[k] = fmt.Sprint(i)
		}
		effects, err := kvstore.Effects(pairs)
		if err != nil || len(effects) != len(want) {
			t.Fatalf("%d effects of %v: %v", len(effects), want, err)
		}
		for _, e := range effects {
			if e.Type != kvstore.TrxnPut || want[string(e.Key)] != string(e.Value) || fmt.Sprint(e.ExpireTS) != string(e.Value) {
				t.Fatalf("%+v, want %v", e, want)
			}
		}
	})
}

func TestChangesAreChecked(t *testing.T) {
	put := func(key string, ts uint64) *kvstore.TrxnRecord {
		return &kvstore.TrxnRecord{Type: kvstore.TrxnPut, Key: []byte(key), ExpireTS: ts}
	}
	for what, tt := range map[string]struct {
		c    *kvstore.ChangeRecord
		want []error
	}{
		"good":         {&kvstore.ChangeRecord{ChangeNumber: 1, Trxns: []*kvstore.TrxnRecord{put("k", kvstore.MaxExpireTS), {Type: kvstore.TrxnDelete, Key: []byte("k")}}}, nil},
		"empty":        {&kvstore.ChangeRecord{}, nil},
		"none":         {nil, []error{kvstore.ErrChange}},
		"no effect":    {&kvstore.ChangeRecord{Trxns: []*kvstore.TrxnRecord{nil}}, []error{kvstore.ErrChange}},
		"no key":       {&kvstore.ChangeRecord{Trxns: []*kvstore.TrxnRecord{put("", 0)}}, []error{kvstore.ErrChange, kvstore.ErrKey}},
		"long key":     {&kvstore.ChangeRecord{Trxns: []*kvstore.TrxnRecord{put(string(bytes.Repeat([]byte("k"), kvstore.MaxKey+1)), 0)}}, []error{kvstore.ErrChange, kvstore.ErrKey}},
		"late":         {&kvstore.ChangeRecord{Trxns: []*kvstore.TrxnRecord{put("k", kvstore.MaxExpireTS+1)}}, []error{kvstore.ErrChange, kvstore.ErrExpireTS}},
		"no type":      {&kvstore.ChangeRecord{Trxns: []*kvstore.TrxnRecord{{Key: []byte("k")}}}, []error{kvstore.ErrChange}},
		"great number": {&kvstore.ChangeRecord{ChangeNumber: kvstore.MaxChangeNumber + 1}, []error{kvstore.ErrChange}},
	} {
		err := kvstore.CheckChange(tt.c)
		if (err == nil) != (tt.want == nil) {
			t.Errorf("%s: %v", what, err)
		}
		for _, want := range tt.want {
			if !errors.Is(err, want) {
				t.Errorf("%s: %v, want %v", what, err, want)
			}
		}
	}
}
