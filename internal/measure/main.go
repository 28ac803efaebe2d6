// Command measure runs the built daemon against the sandbox and prints figures:
// start-up, memory, how fast webhooks are answered and runs are done. They
// belong into docs/benchmarks.md, with the machine that they were taken on.
package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"strings"
)

// figure is one measurement.
type figure struct {
	name string
	take func(ctx context.Context, binary string) (string, error)
}

func figures() []figure {
	return []figure{
		{"start", startUp},
		{"latency", firstModelCall},
		{"runs", runsPerSecond},
		{"mixed", mixedLoad},
		{"burst", burst},
		{"a2a", a2aAgainstSDKs},
		{"a2a-slow", a2aFirstAnswers},
	}
}

func main() {
	var names []string
	for _, f := range figures() {
		names = append(names, f.name)
	}
	binary := flag.String("binary", "bin/aofctl", "the daemon to measure")
	only := flag.String("only", strings.Join(names, ","), "which figures, comma-separated")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	err := measure(ctx, *binary, *only)
	stop()
	if err != nil {
		fmt.Fprintln(os.Stderr, "measure:", err)
		os.Exit(1)
	}
}

func measure(ctx context.Context, binary, only string) error {
	for _, f := range figures() {
		if !strings.Contains(","+only+",", ","+f.name+",") {
			continue
		}
		text, err := f.take(ctx, binary)
		if err != nil {
			return fmt.Errorf("%s: %w", f.name, err)
		}
		fmt.Printf("%-8s %s\n", f.name, text)
	}
	return nil
}
