package main

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
)

func TestTheCommandLineIsChecked(t *testing.T) {
	for _, c := range []struct {
		name string
		args []string
		want string
	}{
		{"unknown scenario", []string{"-scenario", "nothing"}, `there is no scenario "nothing"`},
		{"two sizes", []string{"-short", "-long"}, "exclude each other"},
		{"no program", []string{"-binary", filepath.Join(t.TempDir(), "none")}, "make build makes it"},
	} {
		t.Run(c.name, func(t *testing.T) {
			err := run(t.Context(), c.args, &strings.Builder{})
			if err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("error %v, want %q", err, c.want)
			}
		})
	}
}

func TestScenariosHaveNamesOfTheirOwn(t *testing.T) {
	seen := map[string]bool{}
	for _, c := range scenarios() {
		if seen[c.name] || c.name == "" || c.about == "" || strings.ContainsAny(c.name, ", ") {
			t.Errorf("scenario %q: %q", c.name, c.about)
		}
		seen[c.name] = true
	}
}

// playOne plays a scenario that does nothing but what run does.
func playOne(t *testing.T, s settings, run func(ctx context.Context, w *world) error) (ok bool, out string, dir string) {
	t.Helper()
	t.Setenv("TMPDIR", t.TempDir())
	var b strings.Builder
	ok = scenario{"test", "a test", func(ctx context.Context, w *world) error {
		dir = w.dir
		return run(ctx, w)
	}}.play(t.Context(), s, &sync.Mutex{}, &b)
	return ok, b.String(), dir
}

func TestFilesOfAScenarioAreKeptIfItBroke(t *testing.T) {
	for _, c := range []struct {
		name     string
		settings settings
		run      func(context.Context, *world) error
		ok, kept bool
		want     string
	}{
		{"all well", settings{}, func(context.Context, *world) error { return nil }, true, false, "test (0 s): ok"},
		{"asked for", settings{keep: true}, func(context.Context, *world) error { return nil }, true, true, "files are kept in"},
		{"broken", settings{seed: 9}, func(_ context.Context, w *world) error { w.report.Breach("two comments"); return nil }, false, true, "! two comments"},
		{"not played to its end", settings{}, func(context.Context, *world) error { return errors.New("no port") }, false, true, "could not be played to its end: no port"},
		{"skipped", settings{}, skipping, true, false, "SKIPPED: no disk"},
		{"skipped where that counts", settings{strict: true}, skipping, false, true, "skipped: no disk"},
	} {
		t.Run(c.name, func(t *testing.T) {
			ok, out, dir := playOne(t, c.settings, c.run)
			_, err := os.Stat(dir)
			if ok != c.ok || (err == nil) != c.kept || !strings.Contains(out, c.want) {
				t.Errorf("ok %v, directory: %v, printed\n%s", ok, err, out)
			}
		})
	}
}

func skipping(_ context.Context, w *world) error {
	w.report.Skip("no disk")
	return errSkipped
}

func TestChanceIsTheSameForSeedAndName(t *testing.T) {
	if a, b := chance(1, "a").Uint64(), chance(1, "a").Uint64(); a != b {
		t.Errorf("%d and %d", a, b)
	}
	if a, b := chance(1, "a").Uint64(), chance(1, "b").Uint64(); a == b {
		t.Error("two scenarios have the same chance")
	}
}

func TestMemoryThatGrowsIsABreach(t *testing.T) {
	for _, c := range []struct {
		name         string
		memory, more float64
		broken       bool
	}{{"flat", 40, 0, false}, {"noise", 40, 0.1, false}, {"growth", 40, 1, true}} {
		t.Run(c.name, func(t *testing.T) {
			w := &world{report: newReport("test")}
			s := &watch{from: map[string]int{"all": 0}, to: map[string]int{"all": 100}}
			for i := range 100 {
				s.samples = append(s.samples, sample{c.memory + c.more*float64(i), 30})
			}
			w.judgeMemory(s, "all")
			if w.report.Broken() != c.broken {
				t.Errorf("broken: %v", w.report.Broken())
			}
		})
	}
}

func TestAnInterruptedScenarioSaysNothingAboutPromises(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	t.Setenv("TMPDIR", t.TempDir())
	played := 0
	interrupted := scenario{"first", "it is interrupted", func(ctx context.Context, w *world) error {
		played++
		cancel()
		w.report.Breach("a daemon does not answer")
		return ctx.Err()
	}}
	var out strings.Builder
	err := play(ctx, settings{parallel: 1}, []scenario{interrupted, interrupted}, &out)
	if !errors.Is(err, context.Canceled) || played != 1 || out.String() != "first: interrupted\n" {
		t.Errorf("played %d times, error %v, printed %q", played, err, out.String())
	}
}
