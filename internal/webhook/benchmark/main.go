// Command benchmark measures, in one run, what the durable acceptance of
// webhooks costs. It serves three handlers one after the other in a process of
// their own: one that only verifies the signature, one that also appends the
// body to a file with group-committed syncs (the floor of everything durable),
// and ours. With -postgres ours is also measured on a PostgreSQL server that is
// started for it. It prints requests per second, latencies, memory and ratios.
//
// Where taskset exists, the server runs on CPU 0 and the generator on CPU 1.
// PostgreSQL, which would have a machine of its own, takes of both what is left.
package main

import (
	"bufio"
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"runtime"
	"strconv"
	"strings"
	"time"

	"github.com/aofctl/aofctl/internal/sandbox/pgserver"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	err := run(ctx)
	stop()
	if err != nil {
		fmt.Fprintln(os.Stderr, "benchmark:", err)
		os.Exit(1)
	}
}

type settings struct {
	serve    string
	dsn      string
	postgres bool
	only     string
	dir      string
	conns    int
	warmup   time.Duration
	duration time.Duration
	rounds   int
	pin      bool
}

func run(ctx context.Context) error {
	var s settings
	flag.StringVar(&s.serve, "serve", "", "serve this kind of handler (used by the program itself)")
	flag.StringVar(&s.dsn, "dsn", "", "database of the served handler (used by the program itself)")
	flag.BoolVar(&s.postgres, "postgres", false, "also measure the inbox on PostgreSQL, if it is installed")
	flag.StringVar(&s.only, "only", strings.Join(kinds(), ","), "kinds to measure, comma-separated")
	flag.StringVar(&s.dir, "dir", "", "directory on the disk to measure; default: a temporary one")
	flag.IntVar(&s.conns, "c", 32, "connections")
	flag.DurationVar(&s.warmup, "warmup", time.Second, "load before measuring")
	flag.DurationVar(&s.duration, "d", 5*time.Second, "load per measurement")
	flag.IntVar(&s.rounds, "rounds", 1, "rounds; the medians count")
	flag.BoolVar(&s.pin, "pin", true, "pin server and generator to a CPU each if taskset exists")
	flag.Parse()
	if s.serve != "" {
		return serve(ctx, s.serve, target{dir: s.dir, dsn: s.dsn})
	}
	return measureAll(ctx, s)
}

func measureAll(ctx context.Context, s settings) (err error) {
	kinds := strings.Split(s.only, ",")
	var databases *databases
	if s.postgres {
		// Before this process is pinned, which what it starts would inherit.
		databases, err = startDatabases(ctx, s.dir)
		switch {
		case errors.Is(err, pgserver.ErrNoPostgres):
			fmt.Println("not measured on PostgreSQL:", err)
		case err != nil:
			return err
		default:
			defer func() { err = errors.Join(err, databases.stop()) }()
			kinds = append(kinds, onPostgres)
		}
	}
	if s.dir == "" {
		dir, err := os.MkdirTemp("", "aofctl-benchmark-")
		if err != nil {
			return err
		}
		defer os.RemoveAll(dir)
		s.dir = dir
	}
	if s.pin && !pinSelf() {
		fmt.Println("not pinned: taskset is missing or there is one CPU only")
		s.pin = false
	}
	report := newReport(s)
	for range s.rounds {
		for _, kind := range kinds {
			f, err := measureOn(ctx, s, kind, databases)
			if err != nil {
				return fmt.Errorf("measure %s: %w", kind, err)
			}
			report.add(kind, f)
		}
	}
	report.print(os.Stdout)
	return nil
}

// pinSelf moves this process to CPU 1.
func pinSelf() bool {
	if runtime.NumCPU() < 2 {
		return false
	}
	return exec.Command("taskset", "-a", "-p", "-c", "1", strconv.Itoa(os.Getpid())).Run() == nil
}

// measureOn gives the handler a new database if it needs one.
func measureOn(ctx context.Context, s settings, kind string, d *databases) (figures, error) {
	if kind == onPostgres {
		var err error
		if s.dsn, err = d.next(ctx); err != nil {
			return figures{}, err
		}
	}
	return measure(ctx, s, kind)
}

func measure(ctx context.Context, s settings, kind string) (figures, error) {
	dir, err := os.MkdirTemp(s.dir, kind+"-")
	if err != nil {
		return figures{}, err
	}
	defer os.RemoveAll(dir)
	server, addr, err := startServer(ctx, s, kind, dir)
	if err != nil {
		return figures{}, err
	}
	f, err := load(ctx, addr, s)
	f.rss = peakMemory(server.Process.Pid)
	_ = server.Process.Signal(os.Interrupt)
	if werr := server.Wait(); err == nil {
		err = werr
	}
	return f, err
}

// startServer runs this program as a server and waits for its address.
func startServer(ctx context.Context, s settings, kind, dir string) (*exec.Cmd, string, error) {
	self, err := os.Executable()
	if err != nil {
		return nil, "", err
	}
	args := []string{self, "-serve", kind, "-dir", dir, "-dsn", s.dsn}
	if s.pin {
		args = append([]string{"taskset", "-c", "0"}, args...)
	}
	cmd := exec.CommandContext(ctx, args[0], args[1:]...)
	cmd.Stderr = os.Stderr
	out, err := cmd.StdoutPipe()
	if err != nil {
		return nil, "", err
	}
	if err := cmd.Start(); err != nil {
		return nil, "", err
	}
	addr, err := bufio.NewReader(out).ReadString('\n')
	if err != nil {
		return nil, "", fmt.Errorf("read address of server: %w", err)
	}
	return cmd, strings.TrimSpace(addr), nil
}
