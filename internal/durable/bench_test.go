package durable

import (
	"context"
	"path/filepath"
	"strings"
	"testing"

	"github.com/rs/zerolog"

	"github.com/aofctl/aofctl/internal/step"
	"github.com/aofctl/aofctl/internal/store/sqlite"
)

// BenchmarkStep measures what the journal costs a step, with a result of 20 kB.
func BenchmarkStep(b *testing.B) {
	db, err := sqlite.Open(filepath.Join(b.TempDir(), "main.db"), sqlite.Options{Wrap: Patient(zerolog.Nop())})
	if err != nil {
		b.Fatal(err)
	}
	result := []byte(`"` + strings.Repeat("x", 20_000) + `"`)
	done := make(chan error, 1)
	e, err := Open(b.Context(), db, func(ctx context.Context, _ string, j step.Journal) error {
		for b.Loop() {
			if _, err := j.Do(ctx, step.KindTool, "t", func(context.Context, string) (step.Entry, error) {
				return step.Entry{Output: result}, nil
			}); err != nil {
				done <- err
				return nil
			}
		}
		done <- nil
		return nil
	}, Options{Log: zerolog.Nop()})
	if err != nil {
		b.Fatal(err)
	}
	if err := e.Launch(b.Context()); err != nil {
		b.Fatal(err)
	}
	if err := e.Start(b.Context(), "r"); err != nil {
		b.Fatal(err)
	}
	if err := <-done; err != nil {
		b.Fatal(err)
	}
	if err := e.Shutdown(b.Context()); err != nil {
		b.Fatal(err)
	}
}
