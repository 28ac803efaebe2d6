package wire

import (
	"math/rand/v2"
	"sync"
)

// Luck makes a generator of numbers from 0 to below 1 safe for concurrent use; nil is
// one that gives the same numbers each time.
func Luck(luck func() float64) func() float64 {
	if luck == nil {
		luck = rand.New(rand.NewPCG(1, 2)).Float64 //nolint:gosec // repeatable luck is no secret
	}
	var mu sync.Mutex
	return func() float64 {
		mu.Lock()
		defer mu.Unlock()
		return luck()
	}
}
