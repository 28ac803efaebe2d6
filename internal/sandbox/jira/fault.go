package jira

import (
	"fmt"
	"net/http"
	"regexp"

	"github.com/aofctl/aofctl/internal/sandbox/wire"
)

// What can go wrong with requests, as everywhere in the sandbox.
type (
	// Effect is what a fault does.
	Effect = wire.Effect
	// Fault is a rule that makes requests go wrong.
	Fault = wire.Fault
	// FaultState is a rule and how often it matched and struck.
	FaultState = wire.FaultState
	// Hold stops requests until it is released.
	Hold = wire.Hold
	// HoldState is a hold and what it has caught.
	HoldState = wire.HoldState
	// Request is a request that the site got.
	Request = wire.Request
)

// The effects, see [wire.Effect].
const (
	Answer      = wire.Answer
	Latency     = wire.Latency
	CutBefore   = wire.CutBefore
	CutAfter    = wire.CutAfter
	Malformed   = wire.Malformed
	ResetBefore = wire.ResetBefore
	ResetAfter  = wire.ResetAfter
)

// ConflictOn arms the answer of Jira to an edit that collides with another one:
// the next count edits and transitions of an issue get 409 and change nothing.
func ConflictOn(key string, count int) Fault {
	return Fault{
		Method: "PUT|POST", Path: "/issue/" + regexp.QuoteMeta(key) + "(/transitions)?$", Count: count,
		Effect: Answer, Status: http.StatusConflict,
	}
}

// answerFault is how Jira and its gateways refuse: JSON on 429, HTML on 5xx.
func answerFault(w http.ResponseWriter, f *Fault) {
	if f.RetryAfter != "" {
		w.Header().Set("Retry-After", f.RetryAfter)
	}
	if f.Reason != "" {
		w.Header().Set("RateLimit-Reason", f.Reason)
	}
	if f.Status < 500 {
		text := http.StatusText(f.Status)
		switch f.Status {
		case http.StatusTooManyRequests:
			text = "Rate limit exceeded."
			w.Header().Set("X-RateLimit-Remaining", "0")
		case http.StatusConflict:
			text = "The issue could not be updated because of a conflicting update. Please try again."
		}
		writeJSON(w, f.Status, refuse(f.Status, "%s", text).body())
		return
	}
	w.Header().Set("Content-Type", "text/html;charset=UTF-8")
	w.WriteHeader(f.Status)
	_, _ = fmt.Fprintf(w, "<html><head><title>%d %s</title></head><body>%[1]d %[2]s</body></html>", f.Status, http.StatusText(f.Status))
}
