package durable

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/rs/zerolog"

	"github.com/aofctl/aofctl/internal/step"
	"github.com/aofctl/aofctl/internal/store/sqlite"
)

// TestWorkThatPanicsOrFailsIsCalledAgainAfterARestart is what the contract of
// Work says of errors; a panic is one.
func TestWorkThatPanicsOrFailsIsCalledAgainAfterARestart(t *testing.T) {
	tests := map[string]func() error{
		"an error": func() error { return errors.New("interrupted") },
		"a panic":  func() error { panic("boom") },
	}
	for name, fail := range tests {
		t.Run(name, func(t *testing.T) {
			path, count := filepath.Join(t.TempDir(), "main.db"), newTally()
			work := func(broken bool) Work {
				return func(ctx context.Context, id string, j step.Journal) error {
					if _, err := j.Do(ctx, step.KindTool, "t", func(context.Context, string) (step.Entry, error) {
						count.add("step")
						return step.Entry{}, nil
					}); err != nil {
						return err
					}
					if broken {
						return fail()
					}
					count.add("end")
					return nil
				}
			}
			first := openEngineOn(t, path, sqlite.Options{}, work(true), Options{})
			if err := first.Start(t.Context(), "r"); err != nil {
				t.Fatal(err)
			}
			await(t, "the run to be held", func() bool {
				first.mu.Lock()
				defer first.mu.Unlock()
				return first.parked == 1
			})
			if n := first.Active(); n != 1 {
				t.Errorf("%d runs are at work, want the one that is held", n)
			}
			if err := first.Shutdown(context.Background()); err != nil { // without a bound: held runs are not waited for
				t.Fatal(err)
			}
			openEngineOn(t, path, sqlite.Options{}, work(false), Options{})
			await(t, "the run to end", func() bool { return count.snapshot()["end"] == 1 })
			if diff := cmp.Diff(map[string]int{"step": 1, "end": 1}, count.snapshot()); diff != "" {
				t.Errorf("work done (-want +got):\n%s", diff)
			}
		})
	}
}

// TestManyRunsContinueAfterAStop interrupts a crowd of runs, each somewhere else.
func TestManyRunsContinueAfterAStop(t *testing.T) {
	const runs, steps = 40, 4
	path := filepath.Join(t.TempDir(), "main.db")
	var mu sync.Mutex
	recorded, ended := map[string]bool{}, map[string]int{}
	work := func(ctx context.Context, id string, j step.Journal) error {
		for i := range steps {
			_, err := j.Do(ctx, step.KindTool, fmt.Sprint("t", i), func(ctx context.Context, stepID string) (step.Entry, error) {
				mu.Lock()
				defer mu.Unlock()
				if recorded[stepID] {
					t.Errorf("step %s happened again", stepID)
				}
				return step.Entry{}, nil
			})
			if err != nil {
				return err
			}
			mu.Lock()
			recorded[fmt.Sprintf("%s:%d", id, i)] = true
			mu.Unlock()
		}
		mu.Lock()
		defer mu.Unlock()
		ended[id]++
		return nil
	}
	for round := range 4 {
		e := openEngineOn(t, path, sqlite.Options{}, work, Options{})
		for i := range runs / 4 {
			if err := e.Start(t.Context(), fmt.Sprintf("r-%d-%d", round, i)); err != nil {
				t.Fatal(err)
			}
		}
		expired, cancel := context.WithCancel(t.Context())
		cancel()
		if err := e.Shutdown(expired); err != nil {
			t.Fatal(err)
		}
	}
	openEngineOn(t, path, sqlite.Options{}, work, Options{})
	await(t, "all runs to end", func() bool {
		mu.Lock()
		defer mu.Unlock()
		return len(ended) == runs
	})
}

func TestAStepCanBeInterruptedWhileItWaitsToTryAgain(t *testing.T) {
	tried := make(chan struct{}, 1)
	e := openEngine(t, t.TempDir(), func(ctx context.Context, _ string, j step.Journal) error {
		_, err := j.Do(ctx, step.KindTool, "t", func(context.Context, string) (step.Entry, error) {
			tried <- struct{}{}
			return step.Entry{}, flaky{}
		})
		return err
	}, Options{Retry: Retry{Tries: 5, Base: time.Hour, Max: time.Hour}})
	if err := e.Start(t.Context(), "r"); err != nil {
		t.Fatal(err)
	}
	<-tried
	expired, cancel := context.WithCancel(t.Context())
	cancel()
	if err := e.Shutdown(expired); err != nil {
		t.Errorf("Shutdown = %v", err)
	}
}

func TestTheEnvironmentOfDBOSCloudIsIgnored(t *testing.T) {
	t.Setenv("DBOS__VMID", "elsewhere")
	t.Setenv("DBOS__APPVERSION", "9")
	e := openEngine(t, t.TempDir(), func(context.Context, string, step.Journal) error { return nil }, Options{})
	if os.Getenv("DBOS__VMID") != "" {
		t.Error("the variable is still set")
	}
	if id, version := e.dbos.GetExecutorID(), e.dbos.GetApplicationVersion(); id != executorID || version != appVersion {
		t.Errorf("executor %q of version %q", id, version)
	}
}

func TestTheEnginesMessagesGoToTheLog(t *testing.T) {
	tests := map[string]struct {
		level slog.Level
		at    zerolog.Level
		want  string
	}{
		"information is detail":   {slog.LevelInfo, zerolog.InfoLevel, ""},
		"which can be asked for":  {slog.LevelInfo, zerolog.DebugLevel, `{"level":"debug","service":"queue","id":"r","n":3,"message":"hello"}`},
		"warnings are warnings":   {slog.LevelWarn, zerolog.InfoLevel, `{"level":"warn","service":"queue","id":"r","n":3,"message":"hello"}`},
		"errors are errors":       {slog.LevelError, zerolog.InfoLevel, `{"level":"error","service":"queue","id":"r","n":3,"message":"hello"}`},
		"warnings can be hidden":  {slog.LevelWarn, zerolog.ErrorLevel, ""},
		"nothing is of no detail": {slog.LevelDebug, zerolog.Disabled, ""},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			var out bytes.Buffer
			log := slog.New(&logHandler{log: zerolog.New(&out).Level(tt.at)})
			log.With("service", "queue").WithGroup("g").With("id", "r").Log(t.Context(), tt.level, "hello", "n", 3)
			if got := strings.TrimSpace(out.String()); got != tt.want {
				t.Errorf("logged %s, want %s", got, tt.want)
			}
		})
	}
}
