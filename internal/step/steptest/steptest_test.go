package steptest

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/aofctl/aofctl/internal/leak"
	"github.com/aofctl/aofctl/internal/step"
)

func TestMain(m *testing.M) { leak.Main(m) }

func TestATimeOutDoesNotBeginAnewWhenTheRunGoesOn(t *testing.T) {
	r := &Run{}
	work := func(ctx context.Context, j step.Journal) error {
		e, err := j.Wait(ctx, "answer", step.Pause{For: "ann", Within: time.Hour, Signal: "s"})
		if err == nil && e.Output != nil {
			t.Errorf("output %s", e.Output)
		}
		return err
	}
	for range 2 {
		if err := r.Play(t.Context(), work); !errors.Is(err, step.ErrWaiting) {
			t.Fatal(err)
		}
		r.Pass(31 * time.Minute)
	}
	if err := r.Play(t.Context(), work); err != nil || len(r.Entries()) != 1 {
		t.Errorf("%v with entries %v", err, r.Entries())
	}
}

func TestAFailureIsReplayedAndAnotherWayIsRefused(t *testing.T) {
	r, tries := &Run{}, 0
	work := func(name string) func(ctx context.Context, j step.Journal) error {
		return func(ctx context.Context, j step.Journal) error {
			_, err := j.Do(ctx, step.KindTool, name, func(context.Context, string) (step.Entry, error) {
				tries++
				return step.Entry{}, errors.New("no")
			})
			return err
		}
	}
	for range 2 {
		var failure *step.Failure
		if err := r.Play(t.Context(), work("a")); !errors.As(err, &failure) || tries != 1 {
			t.Errorf("%v after %d tries", err, tries)
		}
	}
	if err := r.Play(t.Context(), work("b")); err == nil || errors.As(err, new(*step.Failure)) {
		t.Errorf("another way: %v", err)
	}
}

func TestARunThatWaitsForNothingCannotRest(t *testing.T) {
	err := (&Run{}).Play(t.Context(), func(ctx context.Context, j step.Journal) error { return j.Rest(ctx) })
	if err == nil || errors.Is(err, step.ErrWaiting) {
		t.Error(err)
	}
}

func TestAnEarlySignalIsKeptAndTheFirstCounts(t *testing.T) {
	r := &Run{}
	r.Signal("s", []byte("1"))
	r.Signal("s", []byte("2"))
	err := r.Play(t.Context(), func(ctx context.Context, j step.Journal) error {
		e, err := j.Wait(ctx, "answer", step.Pause{Signal: "s"})
		if string(e.Output) != "1" {
			t.Errorf("output %s", e.Output)
		}
		return err
	})
	if err != nil {
		t.Error(err)
	}
}
