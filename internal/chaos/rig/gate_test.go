package rig

import (
	"net/http"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
)

func ask(t *testing.T, url, body string) (int, error) {
	t.Helper()
	resp, err := http.Post(url, "application/json", strings.NewReader(body))
	if err != nil {
		return 0, err
	}
	return resp.StatusCode, resp.Body.Close()
}

func TestTheGateKnowsWhoAskedTheModelForWhat(t *testing.T) {
	s := site(t)
	url := s.ModelURL("d2") + "/chat/completions"
	for _, body := range []string{
		`{"model":"m","messages":[{"role":"user","content":"E000004 at=CHA-1 project=CHA plan-comment"}]}`,
		`{"model":"m","messages":[{"role":"user","content":"E000004 at=CHA-1"},{"role":"assistant","content":"x"},{"role":"user","content":"and?"}]}`,
	} {
		if status, err := ask(t, url, body); err != nil || status != http.StatusOK {
			t.Fatalf("%d, %v", status, err)
		}
	}
	if _, err := ask(t, s.JiraURL()+"/rest/api/2/search", `{}`); err != nil {
		t.Fatal(err)
	}
	want := []Call{{Daemon: "d2", Token: "E000004", Turn: 1}, {Daemon: "d2", Token: "E000004", Turn: 2}}
	if diff := cmp.Diff(want, s.Gate.Calls(), cmpopts.IgnoreFields(Call{}, "At")); diff != "" || s.Gate.Count() != 3 {
		t.Errorf("%d requests, calls (-want +got):\n%s", s.Gate.Count(), diff)
	}
}

func TestTheGateCanStopARequestBeforeOrBehindItsEffect(t *testing.T) {
	s := site(t)
	comment := func() error {
		req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, s.JiraURL()+"/rest/api/2/issue/CHA-1/comment", strings.NewReader(`{"body": "did E000001"}`))
		must(t, err)
		req.Header.Set("Content-Type", "application/json")
		req.SetBasicAuth("bot@example.com", "sandbox-token")
		resp, err := http.DefaultClient.Do(req)
		if err != nil {
			return err
		}
		return resp.Body.Close()
	}
	for i, at := range []func(*http.Request, func()) bool{
		func(*http.Request, func()) bool { panic(http.ErrAbortHandler) },
		func(_ *http.Request, forward func()) bool { forward(); panic(http.ErrAbortHandler) },
	} {
		s.Gate.Set(at)
		if err := comment(); err == nil {
			t.Error("no error although the connection was cut")
		}
		if n := s.Truth().Writes[Comment]["E000001"]; n != i {
			t.Errorf("%d comments, want %d", n, i)
		}
	}
	s.Gate.Set(nil)
	must(t, comment())
	if n := s.Truth().Writes[Comment]["E000001"]; n != 2 {
		t.Errorf("%d comments, want 2", n)
	}
}
