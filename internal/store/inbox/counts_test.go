package inbox

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"
)

func TestExpensiveCountsAreUsedAgain(t *testing.T) {
	for _, tt := range []struct {
		name  string
		takes time.Duration
		after time.Duration
		again bool
	}{
		{"cheap", cheap, 1, true},
		{"expensive, soon", 2 * cheap, 20*cheap - 1, false},
		{"expensive, later", 2 * cheap, 20 * cheap, true},
	} {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				var c CountCache
				calls := 0
				count := func(context.Context) (map[State]int64, error) {
					calls++
					time.Sleep(tt.takes)
					return map[State]int64{StateRouted: int64(calls)}, nil
				}
				for i, want := range []int64{1, map[bool]int64{false: 1, true: 2}[tt.again]} {
					if i == 1 {
						time.Sleep(tt.after)
					}
					got, err := c.Get(t.Context(), count)
					if err != nil || got[StateRouted] != want {
						t.Errorf("call %d: got %v, %v; want %d", i, got, err, want)
					}
					got[StateRouted] = 99 // the caller's to change
				}
			})
		})
	}
}

func TestFailedCountIsNotKept(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var c CountCache
		fault := errors.New("away")
		for _, want := range []error{fault, nil} {
			_, err := c.Get(t.Context(), func(context.Context) (map[State]int64, error) {
				time.Sleep(time.Second)
				return map[State]int64{}, want
			})
			if !errors.Is(err, want) {
				t.Errorf("got %v, want %v", err, want)
			}
		}
	})
}
