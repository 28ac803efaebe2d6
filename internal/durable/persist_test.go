package durable

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"github.com/aofctl/aofctl/internal/store"
)

func TestPersist(t *testing.T) {
	broken := errors.New("broken")
	tests := map[string]struct {
		errs  []error
		want  error
		tries int
		took  time.Duration
	}{
		"at once":                {[]error{nil}, nil, 1, 0},
		"after some tries":       {[]error{broken, broken, nil}, nil, 3, 150 * time.Millisecond},
		"refused for good":       {[]error{broken, fmt.Errorf("x: %w", store.ErrRefused)}, store.ErrRefused, 2, 50 * time.Millisecond},
		"there is no such thing": {[]error{store.ErrNotFound}, store.ErrNotFound, 1, 0},
		"taken by another":       {[]error{store.ErrLost}, store.ErrLost, 1, 0},
		"hopeless":               {[]error{&HopelessError{broken}}, broken, 1, 0},
		"as long as is asked":    {[]error{asking{time.Minute}, nil}, nil, 2, time.Minute},
		"but not for ever":       {[]error{asking{1000 * time.Hour}, nil}, nil, 2, mostAsked},
		"pauses have a bound": {[]error{broken, broken, broken, broken, broken, broken, broken, broken, broken, nil}, nil, 10,
			50*(1+2+4+8+16+32+64)*time.Millisecond + 2*longestPause},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				began, tries := time.Now(), 0
				err := Persist(t.Context(), "do it", func() error {
					tries++
					return tt.errs[tries-1]
				})
				if !errors.Is(err, tt.want) || tries != tt.tries || time.Since(began) != tt.took {
					t.Errorf("%v after %d tries in %s, want %v after %d in %s", err, tries, time.Since(began), tt.want, tt.tries, tt.took)
				}
			})
		})
	}
}

func TestPersistStopsWithTheProcess(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithTimeout(t.Context(), 3*time.Second)
		defer cancel()
		err := Persist(ctx, "do it", func() error { return errors.New("broken") })
		if !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("error %v", err)
		}
		called := false
		if err := Persist(ctx, "do it", func() error { called = true; return nil }); err == nil || called {
			t.Errorf("a change was made after the end: %v, %v", called, err)
		}
	})
}
