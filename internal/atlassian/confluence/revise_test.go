package confluence_test

import (
	"errors"
	"strconv"
	"strings"
	"sync"
	"testing"

	"github.com/aofctl/aofctl/internal/atlassian/confluence"
)

func TestARevisionIsMadeAnewOnWhatOthersWrote(t *testing.T) {
	both(t, func(t *testing.T, s *site) {
		page := s.page(t, "P", "<p>1</p>", "")
		calls := 0
		got := ok(confluence.Revise(t.Context(), s.API, confluence.Revision{ID: page.ID, Message: "why", Change: func(p confluence.Page) (string, error) {
			if calls++; calls < 3 {
				if err := s.As("alice").EditPage(page.ID, p.Body+"<p>theirs "+strconv.Itoa(calls)+"</p>", ""); err != nil {
					t.Fatal(err)
				}
			}
			return p.Body + "<p>ours</p>", nil
		}}))(t)
		state := s.state(t, page.ID)
		if want := "<p>1</p><p>theirs 1</p><p>theirs 2</p><p>ours</p>"; state.Body != want || state.Message != "why" || got.Version.Number != 4 {
			t.Errorf("%+v", state)
		}
	})
}

func TestARevisionGivesUpWhenOthersAreFasterEachTime(t *testing.T) {
	both(t, func(t *testing.T, s *site) {
		page := s.page(t, "P", "<p>1</p>", "")
		calls := 0
		_, err := confluence.Revise(t.Context(), s.API, confluence.Revision{ID: page.ID, Change: func(p confluence.Page) (string, error) {
			calls++
			return "<p>ours</p>", s.As("alice").EditPage(page.ID, p.Body+"<p>theirs</p>", "")
		}})
		if !confluence.Conflict(err) || calls != 3 || s.state(t, page.ID).Version != 4 {
			t.Errorf("error %v after %d tries", err, calls)
		}
	})
}

func TestARevisionThatChangesNothingIsNotWritten(t *testing.T) {
	both(t, func(t *testing.T, s *site) {
		page := s.page(t, "P", "<p>1</p>", "")
		same := func(p confluence.Page) (string, error) { return p.Body, nil }
		if got := ok(confluence.Revise(t.Context(), s.API, confluence.Revision{ID: page.ID, Change: same}))(t); got.Version.Number != 1 {
			t.Errorf("%+v", got)
		}
		no := errors.New("no such section")
		_, err := confluence.Revise(t.Context(), s.API, confluence.Revision{ID: page.ID, Change: func(confluence.Page) (string, error) { return "<p>x</p>", no }})
		if !errors.Is(err, no) {
			t.Errorf("error %v", err)
		}
		_, err = confluence.Revise(t.Context(), s.API, confluence.Revision{ID: page.ID, Expected: 7, Change: same})
		if !confluence.Conflict(err) {
			t.Errorf("meant for another version: %v", err)
		}
		if s.state(t, page.ID).Version != 1 {
			t.Error("it was written all the same")
		}
	})
}

func TestRevisionsAtTheSameTimeLoseNothing(t *testing.T) {
	both(t, func(t *testing.T, s *site) {
		page := s.page(t, "P", "<p>0</p>", "")
		var group sync.WaitGroup
		errs := make([]error, 8)
		for i := range errs {
			group.Go(func() {
				_, errs[i] = confluence.Revise(t.Context(), s.API, confluence.Revision{ID: page.ID, Change: func(p confluence.Page) (string, error) {
					return p.Body + "<p>by " + strconv.Itoa(i) + "</p>", nil
				}})
			})
		}
		group.Wait()
		made, state := 0, s.state(t, page.ID)
		for i, err := range errs {
			n := strings.Count(state.Body, "<p>by "+strconv.Itoa(i)+"</p>")
			if err == nil {
				made++
			}
			if err != nil && !confluence.Conflict(err) || (n == 1) != (err == nil) {
				t.Errorf("%d: %d times, %v", i, n, err)
			}
		}
		if made == 0 || state.Version != made+1 {
			t.Errorf("%d revisions, version %d", made, state.Version)
		}
	})
}
