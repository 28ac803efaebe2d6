package store

import (
	"encoding/json"
	"errors"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"github.com/aofctl/aofctl/internal/step"
)

// TestTextsOfAllKindsAreKept puts texts into every column that has any: what
// comes from outside may hold anything, and must neither be refused by one of
// the databases nor be found no more.
func TestTextsOfAllKindsAreKept(t *testing.T) {
	tests := map[string]string{
		"a zero byte":       "a\x00b",
		"only a zero byte":  "\x00",
		"invalid UTF-8":     "\xff\xfe\xed\xa0\x80",
		"half a character":  "a\xe2\x82",
		"emoji":             "🙂 ü 漢",
		"quotes and marks":  `'"?$1{clock}\;--`,
		"replacement":       "\uFFFD",
		"very long":         strings.Repeat("long\x00", 20_000),
		"no text":           "",
		"blanks and breaks": " \t\r\n ",
	}
	cases(t, tests, func(t *testing.T, s *Store, text string) {
		// Names that somebody is looked up by are short, or no index would hold them.
		key := "k" + text[:min(len(text), 50)]
		run := Run{ID: key, Delivery: key, Source: key, Site: key, Subject: key, Project: key, IssueKey: key, EventType: text, Actor: text,
			Trigger: text, TargetKind: text, Target: text, Revision: key, Catalog: text, Work: json.RawMessage(text + " "), State: StateQueued, Error: text}
		rev := Revision{Revision: key, Kind: text, Name: text, Source: text, Text: text}
		must(t, s.Admit(t.Context(), Lease{}, []Run{run}, []Revision{rev}))
		must(t, s.Admit(t.Context(), Lease{}, []Run{run}, []Revision{rev}))
		heartbeat(t, s, Replica{ID: key, Host: text, Version: text, Started: time.Now()})
		lease, ours, err := s.Lead(t.Context(), key, key, time.Hour)
		if err != nil || !ours {
			t.Fatalf("Lead = %v, %v", ours, err)
		}
		second := queuedRun("second", key)
		second.Source, second.Site = key, key
		must(t, s.Admit(t.Context(), lease, []Run{second}, nil))

		got, err := s.Claim(t.Context(), key, 9, Limits{PerProject: 1})
		must(t, err)
		if len(got) != 1 {
			t.Fatalf("claimed %v, want the first of the subject", got)
		}
		c := got[0]
		if r := get(t, s, key); string(r.Work) != text+" " || r.ID != c.Run || r.EventType != r.Actor || r.Source != r.Subject {
			t.Errorf("run is %+v", r)
		}
		quoted, err := json.Marshal(text)
		must(t, err)
		must(t, put(s, c, Record{Asked: text, Failure: &step.Failure{Step: text, Message: text},
			Entry: step.Entry{Kind: step.KindTool, Name: text, Output: quoted, Error: text, Target: text}}))
		_, err = s.Begin(t.Context(), key+":0", key, text)
		must(t, err)
		must(t, s.Done(t.Context(), key+":0", key))
		if found, err := s.HasEffect(t.Context(), key, key); err != nil || !found {
			t.Errorf("HasEffect = %v, %v", found, err)
		}
		suspend(t, s, c, Wait{For: text, Step: 1, Signal: key})
		if found, err := s.Signal(t.Context(), key, text, quoted); err != nil || !found {
			t.Errorf("Signal = %v, %v", found, err)
		}
		got, err = s.Claim(t.Context(), key, 9, Limits{})
		must(t, err)
		cancel(t, s, key, text, StateRunning)
		if ids, err := s.Canceling(t.Context(), key); err != nil || len(ids) != 1 {
			t.Errorf("Canceling = %v, %v", ids, err)
		}
		if j, err := s.Journal(t.Context(), got[0]); err != nil || len(j.Records) != 2 || j.Records[0].Asked != j.Records[1].Asked {
			t.Errorf("Journal = %+v, %v", j, err)
		}
		must(t, s.Finish(t.Context(), got[0], Outcome{State: StateFailed, Result: text, Error: text}))
		must(t, s.Retry(t.Context(), key, text))
		cancel(t, s, key, text, StateCanceled)
		if n, err := s.RunsSince(t.Context(), key, key, key, time.Time{}); err != nil || n != 2 {
			t.Errorf("RunsSince = %d, %v", n, err)
		}
		for what, filter := range map[string]RunFilter{"delivery": {Delivery: key}, "issue": {IssueKey: key}, "project": {Project: key}} {
			if runs, err := s.Runs(t.Context(), filter); err != nil || len(runs) != 1 {
				t.Errorf("by %s are %d runs, %v", what, len(runs), err)
			}
		}
		if _, err := s.RevisionText(t.Context(), key); err != nil {
			t.Error(err)
		}
		if n := len(kinds(t, s, key)); n != 10 {
			t.Errorf("%d events: %v", n, kinds(t, s, key))
		}
		if n, err := s.Release(t.Context(), key); err != nil || n != 0 {
			t.Errorf("Release = %d, %v", n, err)
		}
	})
}

// TestANameThatNoIndexHoldsIsRefusedAlone has keys that are too long for one of
// the databases: the change is refused for good, and others go on.
func TestANameThatNoIndexHoldsIsRefusedAlone(t *testing.T) {
	onEachStore(t, func(t *testing.T, s *Store) {
		long := make([]byte, 100_000)
		rnd := rand.New(rand.NewPCG(1, 1))
		for i := range long { // which no compression makes short
			long[i] = byte('0' + rnd.IntN(64))
		}
		for name, set := range map[string]func(r *Run){
			"subject": func(r *Run) { r.Subject = string(long) },
			"issue":   func(r *Run) { r.IssueKey = string(long) },
			"id":      func(r *Run) { r.ID = string(long) },
		} {
			r := queuedRun(name, "issue:"+name)
			set(&r)
			if err := s.Admit(t.Context(), Lease{}, []Run{r}, nil); err != nil && !errors.Is(err, ErrRefused) {
				t.Errorf("%s: %v, want it taken or refused for good", name, err)
			}
			admit(t, s, "issue:1", "behind "+name)
		}
	})
}
