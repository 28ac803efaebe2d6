package card

import (
	"encoding/json"
	"flag"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

var update = flag.Bool("update", false, "write the golden files anew")

func sample() Card {
	return Card{
		Name: "Triage", Description: "Sorts bugs & more", Version: "3", URL: "https://agents.example.com/a2a/json-rpc",
		Provider: "Example", ProviderURL: "https://example.com", Documentation: "https://docs.example.com", Icon: "https://example.com/i.png",
		Streaming: true, Push: true, Extended: true, Bearer: true,
		InputModes: []string{"text/plain", "application/json"}, OutputModes: []string{"text/markdown"},
		Skills: []Skill{
			{ID: "triage", Name: "Triage", Description: "Sets priorities", Tags: []string{"jira"}, Examples: []string{"Sort AOF-1"}},
			{ID: "bare", Name: "Bare", Description: "Has no tags"},
		},
		Changed: time.Date(2026, 3, 4, 5, 6, 7, 800, time.UTC),
	}
}

func TestCardsHaveTheMembersOfTheirVersions(t *testing.T) {
	for name, form := range map[string]Form{"union": Union, "v0.3": V03, "v1.0": V10} {
		for kind, c := range map[string]Card{"": sample(), "-bare": {Name: "Bare", Skills: []Skill{{ID: "s", Name: "S"}}}} {
			file := "testdata/" + name + kind + ".json"
			var got strings.Builder
			enc := json.NewEncoder(&got)
			enc.SetEscapeHTML(false)
			enc.SetIndent("", "  ")
			if err := enc.Encode(json.RawMessage(c.JSON(form))); err != nil {
				t.Fatal(err)
			}
			if *update {
				if err := os.WriteFile(file, []byte(got.String()), 0o600); err != nil {
					t.Fatal(err)
				}
			}
			want, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			if d := cmp.Diff(string(want), got.String()); d != "" {
				t.Errorf("%s: %s", file, d)
			}
		}
	}
}

func members(t *testing.T, form Form) map[string]any {
	t.Helper()
	var m map[string]any
	if err := json.Unmarshal(sample().JSON(form), &m); err != nil {
		t.Fatal(err)
	}
	return m
}

// TestPureCardsHaveNothingOfTheOtherVersionAndTheUnionMostOfBoth knows the exception:
// the SDK for Go refuses cards with the requirements of 1.0.
func TestPureCardsHaveNothingOfTheOtherVersionAndTheUnionMostOfBoth(t *testing.T) {
	of03 := []string{"protocolVersion", "url", "preferredTransport", "additionalInterfaces", "security", "supportsAuthenticatedExtendedCard"}
	of10, pure := []string{"supportedInterfaces"}, []string{"securityRequirements"}
	for form, want := range map[Form][3]bool{V03: {true, false, false}, V10: {false, true, true}, Union: {true, true, false}} {
		m := members(t, form)
		for i, names := range [][]string{of03, of10, pure} {
			for _, name := range names {
				if _, has := m[name]; has != want[i] {
					t.Errorf("form %d has %s: %v", form, name, has)
				}
			}
		}
	}
}

func get(t *testing.T, c Card, form Form, header ...string) *http.Response {
	t.Helper()
	r := httptest.NewRequest(http.MethodGet, "/.well-known/agent-card.json", nil)
	for i := 0; i < len(header); i += 2 {
		r.Header.Add(header[i], header[i+1])
	}
	w := httptest.NewRecorder()
	Serve(w, r, c, form)
	return w.Result()
}

func TestACardIsNotSentAgainToWhoHasIt(t *testing.T) {
	first := get(t, sample(), Union)
	tag, modified := first.Header.Get("ETag"), first.Header.Get("Last-Modified")
	if !strings.HasPrefix(tag, `"`) || modified != "Wed, 04 Mar 2026 05:06:07 GMT" || first.Header.Get("Vary") != "A2A-Version" ||
		first.Header.Get("Cache-Control") != "public, max-age=300" || first.Header.Get("Content-Type") != "application/json" {
		t.Fatalf("the headers are %v", first.Header)
	}
	changed := sample()
	changed.Version = "4"
	for name, c := range map[string]struct {
		card   Card
		form   Form
		header []string
		want   int
	}{
		"the tag":                      {sample(), Union, []string{"If-None-Match", tag}, 304},
		"a weak tag among others":      {sample(), Union, []string{"If-None-Match", `"x", W/` + tag}, 304},
		"any tag":                      {sample(), Union, []string{"If-None-Match", "*"}, 304},
		"tags in two headers":          {sample(), Union, []string{"If-None-Match", `"x"`, "If-None-Match", tag}, 304},
		"another tag":                  {sample(), Union, []string{"If-None-Match", `"x"`}, 200},
		"another form":                 {sample(), V10, []string{"If-None-Match", tag}, 200},
		"a changed card":               {changed, Union, []string{"If-None-Match", tag}, 200},
		"the time":                     {sample(), Union, []string{"If-Modified-Since", modified}, 304},
		"an earlier time":              {sample(), Union, []string{"If-Modified-Since", "Tue, 03 Mar 2026 05:06:07 GMT"}, 200},
		"no time":                      {sample(), Union, []string{"If-Modified-Since", "yesterday"}, 200},
		"another tag beside the time":  {sample(), Union, []string{"If-None-Match", `"x"`, "If-Modified-Since", modified}, 200},
		"a time for an undated card":   {Card{}, Union, []string{"If-Modified-Since", modified}, 200},
		"the tag of a form by version": {sample(), V03, []string{"If-None-Match", get(t, sample(), V03).Header.Get("ETag")}, 304},
	} {
		got := get(t, c.card, c.form, c.header...)
		if got.StatusCode != c.want || (got.StatusCode == 304) != (got.ContentLength <= 0) && got.Header.Get("ETag") == "" {
			t.Errorf("%s: %d", name, got.StatusCode)
		}
	}
}

func TestOnlyReadingACardIsAllowed(t *testing.T) {
	for method, want := range map[string]int{"HEAD": 200, "POST": 405, "DELETE": 405} {
		w := httptest.NewRecorder()
		Serve(w, httptest.NewRequest(method, "/", nil), sample(), Union)
		if w.Code != want || method == "HEAD" && (w.Body.Len() != 0 || w.Header().Get("Content-Length") == "") || want == 405 && w.Header().Get("Allow") != "GET, HEAD" {
			t.Errorf("%s: %d with %d bytes, %v", method, w.Code, w.Body.Len(), w.Header())
		}
	}
}

func TestTheVersionAskedForChoosesTheForm(t *testing.T) {
	for _, c := range []struct {
		header, query string
		want          Form
	}{
		{"", "", Union}, {"1.0", "", V10}, {"1.0.1", "", V10}, {" 1 ", "", V10}, {"0.3", "", V03}, {"0.3.0", "", V03},
		{"", "?A2A-Version=1.0", V10}, {"0.3", "?A2A-Version=1.0", V03}, {"99", "", Union}, {"", "?A2A-Version=x", Union},
	} {
		r := httptest.NewRequest(http.MethodGet, "/card"+c.query, nil)
		r.Header.Set("A2A-Version", c.header)
		if got := FormOf(r); got != c.want {
			t.Errorf("%q %q: form %d", c.header, c.query, got)
		}
	}
}
