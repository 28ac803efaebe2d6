package main

import (
	"os"
	"runtime/pprof"
)

// profile writes a CPU profile of the server to the file that the environment
// names in BENCHMARK_PROFILE, and returns the function that ends it.
func profile() func() {
	path := os.Getenv("BENCHMARK_PROFILE")
	if path == "" {
		return func() {}
	}
	f, err := os.Create(path)
	if err != nil {
		return func() {}
	}
	if err := pprof.StartCPUProfile(f); err != nil {
		return func() {}
	}
	return func() {
		pprof.StopCPUProfile()
		_ = f.Close()
	}
}
