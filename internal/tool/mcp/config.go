package mcp

import (
	"net/http"
	"path"
	"slices"
	"time"
)

// Server says how a server is reached and what may be used of it.
type Server struct {
	// Key tells servers apart: those with equal keys share one connection.
	Key string
	// Agent is the agent that has the server, and Name its name there.
	Agent, Name string
	// Command is the program to start; "" for a server behind URL.
	Command string
	URL     string
	// Access resolves what is taken from the environment, each time that a
	// connection is made. Its error says what is missing.
	Access func() (Access, error)
	// Tools and Listed are globs of the server's own names of tools. A tool is
	// offered if both admit it; an empty list admits all.
	Tools, Listed []string
	// ReadOnly are globs of the tools that change nothing.
	ReadOnly []string
	// TrustAnnotations believes the server's own word on which tools only read.
	TrustAnnotations bool
	// Pin is what Fingerprint has to be of the offered tools; "" for anything.
	Pin string
	// Timeout bounds each call; 0 for DefaultTimeout.
	Timeout time.Duration
}

// Access is what a server is started or asked with.
type Access struct {
	// Args and Env ("NAME=value") are those of the program. It has nothing else of
	// this process's environment but PATH and HOME.
	Args, Env []string
	// Headers go with each request to a server behind a URL.
	Headers http.Header
	// Secrets are values among them that must not be logged.
	Secrets []string
}

// DefaultTimeout bounds a call of a server that has no time-out of its own.
const DefaultTimeout = time.Minute

func (s Server) timeout() time.Duration {
	if s.Timeout > 0 {
		return s.Timeout
	}
	return DefaultTimeout
}

// offers reports whether the agent may use a tool of this name.
func (s Server) offers(tool string) bool {
	return (len(s.Tools) == 0 || matches(s.Tools, tool)) && (len(s.Listed) == 0 || matches(s.Listed, tool))
}

func matches(globs []string, name string) bool {
	return slices.ContainsFunc(globs, func(g string) bool {
		ok, err := path.Match(g, name)
		return g == name || g == "*" || ok && err == nil
	})
}
