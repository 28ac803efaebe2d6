package main

import (
	"fmt"
	"io"
	"os"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"text/tabwriter"
)

// report collects the figures of all rounds by kind.
type report struct {
	settings settings
	kinds    []string
	figures  map[string][]figures
}

func newReport(s settings) *report {
	return &report{settings: s, figures: map[string][]figures{}}
}

func (r *report) add(kind string, f figures) {
	if r.figures[kind] == nil {
		r.kinds = append(r.kinds, kind)
	}
	r.figures[kind] = append(r.figures[kind], f)
}

// median returns the round in the middle by throughput.
func (r *report) median(kind string) figures {
	list := slices.Clone(r.figures[kind])
	slices.SortFunc(list, func(a, b figures) int { return int(a.perSecond - b.perSecond) })
	if len(list) == 0 {
		return figures{}
	}
	return list[len(list)/2]
}

func (r *report) print(w io.Writer) {
	fmt.Fprintf(w, "%s, %d CPUs, pinned %v, %d connections, %d bytes per body, %s per round, %d rounds\n",
		runtime.Version(), runtime.NumCPU(), r.settings.pin, r.settings.conns, len(payload(0)), r.settings.duration, r.settings.rounds)
	floor := r.median("append").perSecond
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', tabwriter.AlignRight)
	fmt.Fprintln(t, "handler\trequests/s\tp50 ms\tp99 ms\tmax ms\tpeak MB\tof append\t")
	for _, kind := range r.kinds {
		f := r.median(kind)
		ratio := "-"
		if floor > 0 {
			ratio = fmt.Sprintf("%.2f", f.perSecond/floor)
		}
		fmt.Fprintf(t, "%s\t%.0f\t%.2f\t%.2f\t%.1f\t%d\t%s\t\n", kind, f.perSecond,
			f.p50.Seconds()*1e3, f.p99.Seconds()*1e3, f.max.Seconds()*1e3, f.rss>>20, ratio)
	}
	t.Flush()
}

// peakMemory returns a process's largest resident set in bytes, 0 where it
// cannot be told.
func peakMemory(pid int) int64 {
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	if err != nil {
		return 0
	}
	for line := range strings.Lines(string(text)) {
		if rest, ok := strings.CutPrefix(line, "VmHWM:"); ok {
			kb, err := strconv.ParseInt(strings.TrimSuffix(strings.TrimSpace(rest), " kB"), 10, 64)
			if err != nil {
				return 0
			}
			return kb << 10
		}
	}
	return 0
}
