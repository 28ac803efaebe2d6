// Command chaos breaks things around built daemons on purpose and counts what
// becomes of the promises: nothing accepted is lost, nothing is written twice,
// everything of one issue happens in order. Daemons are child processes with
// real signals; the other side, a simulated Jira and a scripted model, is in this
// process, which therefore knows the truth.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"os/signal"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"syscall"
	"time"

	"github.com/aofctl/aofctl/internal/chaos/rig"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	err := run(ctx, os.Args[1:], os.Stdout)
	stop()
	if err != nil {
		fmt.Fprintln(os.Stderr, "chaos:", err)
		os.Exit(1)
	}
}

// size is how much of everything there is.
type size int

const (
	short size = iota
	normal
	long
)

// settings are what the command line says.
type settings struct {
	binary   string
	names    []string
	size     size
	seed     uint64
	keep     bool
	strict   bool
	parallel int
}

// pick chooses by size.
func (s settings) pick(atShort, atNormal, atLong int) int {
	return [...]int{atShort, atNormal, atLong}[s.size]
}

func parse(args []string) (settings, error) {
	s := settings{size: normal}
	flags := flag.NewFlagSet("chaos", flag.ContinueOnError)
	names := flags.String("scenario", "", "play only these `names`, separated by commas; -list shows them")
	list := flags.Bool("list", false, "list the scenarios")
	atShort := flags.Bool("short", false, "the short form of each, for CI: three minutes together")
	atLong := flags.Bool("long", false, "the long form of each: hours")
	flags.StringVar(&s.binary, "binary", "bin/aofctl", "the built `program`")
	flags.Uint64Var(&s.seed, "seed", 1, "where chance begins")
	flags.BoolVar(&s.keep, "keep", false, "keep all files, not only those of scenarios that broke")
	flags.BoolVar(&s.strict, "strict", false, "count scenarios that cannot be played here as broken")
	flags.IntVar(&s.parallel, "parallel", 0, "how many scenarios are played at a time; 0 for 4 with -short and else 1")
	if err := flags.Parse(args); err != nil {
		return s, err
	}
	if *list {
		for _, c := range scenarios() {
			fmt.Printf("%-14s %s\n", c.name, c.about)
		}
		return s, flag.ErrHelp
	}
	switch {
	case *atShort && *atLong:
		return s, errors.New("-short and -long exclude each other")
	case *atShort:
		s.size = short
	case *atLong:
		s.size = long
	}
	if s.parallel == 0 {
		s.parallel = s.pick(4, 1, 1)
	}
	if *names != "" {
		s.names = strings.Split(*names, ",")
	}
	return s, nil
}

func run(ctx context.Context, args []string, out io.Writer) error {
	s, err := parse(args)
	if errors.Is(err, flag.ErrHelp) {
		return nil
	}
	if err != nil {
		return err
	}
	chosen, err := choose(s.names)
	if err != nil {
		return err
	}
	if s.binary, err = filepath.Abs(s.binary); err != nil {
		return err
	}
	if _, err := os.Stat(s.binary); err != nil {
		return fmt.Errorf("find the program (make build makes it): %w", err)
	}
	return play(ctx, s, chosen, out)
}

// choose finds scenarios by name; all of them if none is named.
func choose(names []string) ([]scenario, error) {
	all := scenarios()
	if len(names) == 0 {
		return all, nil
	}
	var chosen []scenario
	for _, name := range names {
		i := slices.IndexFunc(all, func(c scenario) bool { return c.name == name })
		if i < 0 {
			return nil, fmt.Errorf("there is no scenario %q; -list shows them", name)
		}
		chosen = append(chosen, all[i])
	}
	return chosen, nil
}

// play plays the scenarios and prints what they have seen.
func play(ctx context.Context, s settings, chosen []scenario, out io.Writer) error {
	var mu sync.Mutex
	var all sync.WaitGroup
	broken := 0
	slots := make(chan struct{}, s.parallel)
	for _, c := range chosen {
		slots <- struct{}{}
		if ctx.Err() != nil {
			break
		}
		all.Go(func() {
			defer func() { <-slots }()
			ok := c.play(ctx, s, &mu, out)
			mu.Lock()
			defer mu.Unlock()
			if !ok {
				broken++
			}
		})
	}
	all.Wait()
	if err := ctx.Err(); err != nil {
		return err
	}
	if broken > 0 {
		return fmt.Errorf("%d of %d scenarios broke a promise", broken, len(chosen))
	}
	return nil
}

// scenario is one way to break things.
type scenario struct {
	name  string
	about string
	run   func(ctx context.Context, w *world) error
}

// play plays the scenario in a directory of its own, prints what it has seen,
// and reports whether all promises held.
func (c scenario) play(ctx context.Context, s settings, mu *sync.Mutex, out io.Writer) bool {
	began := time.Now()
	w, err := newWorld(s, c.name)
	if err == nil {
		err = errors.Join(c.run(ctx, w), w.close())
	}
	if ctx.Err() != nil {
		// What was interrupted says nothing about promises.
		_, _ = fmt.Fprintf(out, "%s: interrupted\n", c.name)
		_ = os.RemoveAll(w.dir)
		return true
	}
	if err != nil && w.report.Skipped() == "" {
		w.report.Breach("the scenario could not be played to its end: %v", err)
	}
	if s.strict && w.report.Skipped() != "" {
		w.report.Breach("skipped: %s", w.report.Skipped())
	}
	w.report.Took = time.Since(began)
	mu.Lock()
	defer mu.Unlock()
	w.report.Print(out)
	if w.report.Broken() {
		w.evidence(out)
	}
	if s.keep || w.report.Broken() {
		_, _ = fmt.Fprintf(out, "  files are kept in %s; again with -scenario %s -seed %d\n", w.dir, c.name, s.seed)
	} else if err := os.RemoveAll(w.dir); err != nil {
		_, _ = fmt.Fprintln(out, "  remove files:", err)
	}
	return !w.report.Broken()
}

// chance is where the randomness of a scenario comes from.
func chance(seed uint64, name string) *rand.Rand {
	var more uint64
	for _, c := range name {
		more = more*131 + uint64(c)
	}
	return rand.New(rand.NewPCG(seed, more)) //nolint:gosec // repeatable chance is no secret
}

// newReport begins a report.
func newReport(name string) *rig.Report { return &rig.Report{Name: name} }
