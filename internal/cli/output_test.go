package cli

import (
	"bytes"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/aofctl/aofctl/internal/manifest"
	"github.com/aofctl/aofctl/internal/route"
)

func TestAgesAreToldInOneUnit(t *testing.T) {
	now := time.Date(2026, 1, 10, 12, 0, 0, 0, time.UTC)
	for want, ago := range map[string]time.Duration{"0s": 0, "59s": 59 * time.Second, "1m": time.Minute, "59m": 59*time.Minute + 59*time.Second,
		"1h": time.Hour, "47h": 47 * time.Hour, "2d": 48 * time.Hour, "400d": 400 * 24 * time.Hour} {
		if got := age(now, now.Add(-ago)); got != want {
			t.Errorf("%s is told as %s, want %s", ago, got, want)
		}
	}
	if got := age(now, time.Time{}); got != "-" {
		t.Errorf("no time is told as %s", got)
	}
}

func TestAnUnknownCostIsNotZero(t *testing.T) {
	some, none := int64(1260), int64(0)
	for want, cost := range map[string]*int64{"$0.0013": &some, "$0.0000": &none, "?": nil} {
		if got := dollars(cost); got != want {
			t.Errorf("got %s, want %s", got, want)
		}
	}
}

func TestLongTextsAreCutToOneLine(t *testing.T) {
	for _, c := range []struct {
		text string
		n    int
		want string
	}{{"", 5, ""}, {"short", 5, "short"}, {"two\n\tlines  here", 20, "two lines here"}, {"äöüßé€", 4, "äöü…"}, {"longer", 5, "long…"}} {
		if got := oneLine(c.text, c.n); got != c.want {
			t.Errorf("got %q, want %q", got, c.want)
		}
	}
}

func TestEveryReasonHasWords(t *testing.T) {
	for _, reason := range []string{route.ReasonOwnAccount, route.ReasonOwnComment, route.ReasonBot, route.ReasonNotAllowed, route.ReasonNoTrigger,
		route.ReasonFiltered, route.ReasonNoCommand, route.ReasonNeedsData} {
		if got := reasonText(reason); got == reason {
			t.Errorf("%s is told as %q", reason, got)
		}
	}
	if got := reasonText("trigger bugs"); got != "trigger bugs" {
		t.Errorf("other words become %q", got)
	}
}

func TestAnAnnotationCannotBeBroken(t *testing.T) {
	for want, p := range map[string]manifest.Problem{
		"::error file=a.yaml,line=1,col=2::m":                     {Path: "a.yaml", Line: 1, Column: 2, Severity: manifest.Error, Message: "m"},
		"::warning file=a.yaml::m":                                {Path: "a.yaml", Severity: manifest.Warning, Message: "m"},
		"::error file=a%3Ab%2Cc%25.yaml::100%25%0A::set-env x%0D": {Path: "a:b,c%.yaml", Severity: manifest.Error, Message: "100%\n::set-env x\r"},
	} {
		if got := annotation(p); got != want {
			t.Errorf("got %q, want %q", got, want)
		}
	}
}

func TestKindsAreTakenInBothNumbers(t *testing.T) {
	for _, kind := range kinds() {
		for _, name := range []string{kind, singular(kind)} {
			if got, err := kindOf("list", name); err != nil || got != kind {
				t.Errorf("%s: %s %v", name, got, err)
			}
		}
	}
	for _, name := range []string{"", "runss", "deliverie", "Runs"} {
		if _, err := kindOf("list", name); err == nil {
			t.Errorf("%q is taken", name)
		}
	}
}

// command runs a command line and returns its exit code and what it printed.
func command(args ...string) (code int, out, errOut string) {
	var stdout, stderr bytes.Buffer
	code = Main(args, strings.NewReader(""), &stdout, &stderr)
	return code, stdout.String(), stderr.String()
}

const stream = `id: 1
event: queued
data: {"seq":1,"run":"r1","at":"2026-01-10T12:00:00Z","kind":"queued","payload":{"target":"agent/a","issue_key":"P-1","event_type":"issue_created"}}

id: 2
event: finished
data: {"seq":2,"run":"r1","at":"2026-01-10T12:00:01Z","kind":"finished","payload":{"state":"failed","error":"why"}}

`

func TestAFollowerIsToldWhenTheStreamEnds(t *testing.T) {
	asked := ""
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/api/v1/events" {
			asked = r.URL.RawQuery
			_, _ = fmt.Fprint(w, stream)
			return
		}
		_, _ = fmt.Fprint(w, `{"state":"failed"}`)
	}))
	defer srv.Close()
	for _, c := range []struct {
		args  []string
		query string
		code  int
		err   string
	}{
		{[]string{"-f"}, "follow=true", exitFailure, "aofctl: the daemon ended the stream: it is stopping or restarting\n"},
		{nil, "after=0&follow=false", exitOK, ""},
		{[]string{"r1"}, "after=0&follow=false&run=r1", exitOK, ""},
		{[]string{"r1", "-f"}, "after=0&follow=true&run=r1", exitOK, ""}, // the run ended
	} {
		code, out, errOut := command(append([]string{"logs", "--server", srv.URL}, c.args...)...)
		if code != c.code || errOut != c.err || asked != c.query {
			t.Errorf("logs %v: code %d, asked %s, said %q", c.args, code, asked, errOut)
		}
		if !strings.Contains(out, "r1  queued agent/a for issue_created P-1\n") || !strings.Contains(out, "r1  failed why\n") {
			t.Errorf("logs %v printed\n%s", c.args, out)
		}
	}
}
