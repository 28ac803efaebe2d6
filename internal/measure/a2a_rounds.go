package main

import (
	"context"
	"fmt"
	"os"
	"slices"
	"strconv"
	"strings"
	"time"
)

// rounds are several measurements of one thing.
type rounds struct {
	perSecond []float64
	// cost is how much of a CPU the server needed for a request, which hardly depends
	// on what else the machine does.
	cost []time.Duration
	all  latencies
}

// take measures once more.
func (r *rounds) take(ctx context.Context, at a2aTarget, bodies func(*caller) (string, string)) error {
	before, err := cpu(at.pid)
	if err != nil {
		return err
	}
	list, n, err := callAll(ctx, at, bodies)
	if err != nil {
		return err
	}
	after, err := cpu(at.pid)
	if err != nil {
		return err
	}
	r.perSecond = append(r.perSecond, float64(len(list))/a2aLasts.Seconds())
	r.cost = append(r.cost, (after-before)/time.Duration(max(n, 1)))
	r.all = append(r.all, list...)
	slices.Sort(r.all)
	return nil
}

// cpu is how much of a CPU a process has used, proc_pid_stat(5).
func cpu(pid int) (time.Duration, error) {
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		return 0, err
	}
	_, rest, _ := strings.Cut(string(text), ") ")
	fields := strings.Fields(rest)
	const userTime, systemTime, tick = 11, 12, time.Second / 100
	if len(fields) <= systemTime {
		return 0, fmt.Errorf("cannot read the times of process %d", pid)
	}
	user, err := strconv.Atoi(fields[userTime])
	if err != nil {
		return 0, err
	}
	system, err := strconv.Atoi(fields[systemTime])
	return time.Duration(user+system) * tick, err
}

func median[T float64 | time.Duration](list []T) T {
	sorted := slices.Sorted(slices.Values(list))
	return sorted[len(sorted)/2]
}

// String gives the medians of the rounds, and percentiles over all of them.
func (r *rounds) String() string {
	return fmt.Sprintf("%.0f/s, p50 %s, p99 %s, %s of a CPU each", median(r.perSecond), r.all.at(50), r.all.at(99), median(r.cost).Round(time.Microsecond))
}

// against gives the ratios to another.
func (r *rounds) against(other *rounds) string {
	return fmt.Sprintf("%.1f times as many, %.1f times by cost", median(r.perSecond)/median(other.perSecond), float64(median(other.cost))/float64(median(r.cost)))
}
