package requirement_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/aofctl/aofctl/internal/requirement"
)

// large is a register of so many requirements.
func large(n int) requirement.Register {
	rnd := rand.New(rand.NewPCG(1, 2)) //nolint:gosec // a test
	r := registered(page(rnd, n)...)
	r.Requirements[0].Issues = []requirement.Issue{{Key: "PROJ-1", Hash: "a"}}
	r.Requirements[0].Claim = &requirement.Claim{Call: "r:1", Project: "PROJ", Since: time.Unix(1e9, 0).UTC()}
	r.Issues = []requirement.Issue{{Key: "PROJ-2"}}
	return r
}

func TestARegisterIsReadAsItWasWritten(t *testing.T) {
	for _, n := range []int{1, 10, 60} {
		r := large(n)
		raw, err := requirement.Encode(r)
		if err != nil || len(raw) > requirement.MaxBytes || !json.Valid(raw) {
			t.Fatalf("%d: %d bytes, %v", n, len(raw), err)
		}
		got, err := requirement.Decode(raw)
		if diff := cmp.Diff(r, got); diff != "" || err != nil {
			t.Errorf("%d: %v %s", n, err, diff)
		}
		again, err := requirement.Encode(got)
		if err != nil || string(again) != string(raw) {
			t.Errorf("%d: written anew it differs: %v", n, err)
		}
	}
}

func TestARegisterThatIsTooLargeKeepsAllIDs(t *testing.T) {
	for n := 100; ; n += 50 {
		r := large(n)
		for i := range r.Requirements[n/2:] {
			r.Requirements[n/2+i].State = requirement.Removed
		}
		raw, err := requirement.Encode(r)
		if errors.Is(err, requirement.ErrTooLarge) {
			if n < 150 {
				t.Errorf("%d are too many already", n)
			}
			return
		}
		got, err := requirement.Decode(raw)
		if err != nil || len(raw) > requirement.MaxBytes || len(got.Requirements) != n {
			t.Fatalf("%d: %d bytes, %d requirements, %v", n, len(raw), len(got.Requirements), err)
		}
		for i, one := range got.Requirements {
			if one.ID != r.Requirements[i].ID || one.Title != r.Requirements[i].Title || one.Hash != r.Requirements[i].Hash {
				t.Fatalf("%d: %+v", i, one)
			}
		}
	}
}

func TestWhatSomebodyElseMadeOfARegisterIsMendedOrRefused(t *testing.T) {
	for name, value := range map[string]string{
		"a text": `"hello"`, "a list": `[]`, "another version": `{"version":2,"requirements":[]}`, "no version": `{}`, "null": `null`, "no JSON": `{`,
		"packed badly": `{"version":1,"packed":"!"}`, "packed text": `{"version":1,"packed":"aGVsbG8="}`, "types": `{"version":1,"requirements":[{"id":3}]}`,
	} {
		if r, err := requirement.Decode(json.RawMessage(value)); !errors.Is(err, requirement.ErrForeign) {
			t.Errorf("%s: %+v, %v", name, r, err)
		}
	}
	r, err := requirement.Decode(json.RawMessage(`{"version":1,"new_member":1,"requirements":[
{"id":"REQ-1","title":"a","made":-5,"criteria":[{"id":"AC-7","text":"x"},{"id":"ac-7","text":"y"},{"id":"ac-8","text":" "},{"id":"ac-99999999999","text":"z"}],"sketch":5,"issues":[{"key":" proj-1 "},{"key":"PROJ-1"},{"key":""},{"key":"PROJ-1/../OTHER-1"},{"key":"https://evil.example/browse/PROJ-2"},{"key":"PROJ-0"}]},
{"id":"req-1","title":"again"},{"id":"../x"},{"id":"","title":"none"},{"id":"gone","state":"removed"},{"id":"odd","state":"purple"}]}`))
	want := []requirement.Requirement{
		{ID: "req-1", Title: "a", State: requirement.Current, Made: 7, Criteria: []requirement.Criterion{{ID: "ac-7", Text: "x"}, {ID: "ac-99999999999", Text: "z"}}, Issues: []requirement.Issue{{Key: "PROJ-1"}}},
		{ID: "gone", State: requirement.Removed}, {ID: "odd", State: requirement.Current},
	}
	if diff := cmp.Diff(want, r.Requirements); diff != "" || err != nil {
		t.Errorf("%v %s", err, diff)
	}
}

func TestWhatSomebodyElseMadeOfAPlanIsMended(t *testing.T) {
	for value, want := range map[string]requirement.PlanPage{
		`{"page":"4712","last":9,"call":"c","first":8}`:             {Page: "4712", Last: 9, Call: "c", First: 8},
		`{"page":"../../rest/api/user","last":9223372036854775807}`: {},
		`{"page":"1?x=2","last":-3,"call":"c"}`:                     {},
		`{"page":"4712","last":3,"call":"c","first":70000000000}`:   {Page: "4712"},
	} {
		r, err := requirement.Decode(json.RawMessage(`{"version":1,"requirements":[],"plan":` + value + `}`))
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(&want, r.Plan); diff != "" {
			t.Errorf("%s: %s", value, diff)
		}
	}
}

func TestAPackedRegisterThatGrowsWithoutEndIsRefused(t *testing.T) {
	r := requirement.Register{Requirements: []requirement.Requirement{{ID: "a", Title: strings.Repeat("x", 3<<20)}}}
	raw, err := requirement.Encode(r)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := requirement.Decode(raw); !errors.Is(err, requirement.ErrForeign) {
		t.Errorf("%d bytes: %v", len(raw), err)
	}
}

func FuzzDecode(f *testing.F) {
	for _, n := range []int{1, 3, 60} {
		raw, err := requirement.Encode(large(n))
		if err != nil {
			f.Fatal(err)
		}
		f.Add([]byte(raw))
	}
	f.Add([]byte(`{"version":1,"requirements":[{"id":"a","criteria":[{"id":"ac-1048576","text":"x"}]}]}`))
	f.Fuzz(func(t *testing.T, raw []byte) {
		r, err := requirement.Decode(raw)
		if err != nil {
			return
		}
		seen := map[string]bool{}
		for _, one := range r.Requirements {
			if seen[one.ID] || !requirement.ValidID(one.ID) {
				t.Fatalf("id %q", one.ID)
			}
			seen[one.ID] = true
		}
		next := again(r, r.Seen+1, digest(), quiet())
		if len(next.Register.Requirements) < len(r.Requirements) {
			t.Fatal("requirements were lost")
		}
		raw2, err := requirement.Encode(next.Register)
		if errors.Is(err, requirement.ErrTooLarge) {
			return
		}
		if err != nil {
			t.Fatal(err)
		}
		back, err := requirement.Decode(raw2)
		if err != nil || len(back.Requirements) != len(next.Register.Requirements) {
			t.Fatalf("%v: %d of %d", err, len(back.Requirements), len(next.Register.Requirements))
		}
	})
}

func TestReferencesAndNamesOfLinks(t *testing.T) {
	site := "https://acme.atlassian.net/wiki"
	ref := requirement.Reference{Page: "65824", ID: "req-1"}
	if got := requirement.GlobalID(site, ref); got != "aofctl-requirement:acme.atlassian.net/wiki/65824#req-1" {
		t.Errorf("the link is %s", got)
	}
	for _, s := range []string{site, site + "/", "HTTPS://ACME.atlassian.net/wiki", "https://" + strings.Repeat("long.", 50) + "example/confluence"} {
		for _, one := range []requirement.Reference{ref, {Page: "1"}, {Page: "9999999999999999999", ID: strings.Repeat("ü", 48)}} {
			name := requirement.GlobalID(s, one)
			got, ok := requirement.ParseGlobalID(s, name)
			if !ok || got != one || len(name) > 255 {
				t.Errorf("%s: %v, %v, %d bytes", name, got, ok, len(name))
			}
		}
	}
	for _, name := range []string{"", "aofctl=https://x", "appId=1&pageId=65824", "aofctl-requirement:other.example/65824#req-1", "aofctl-requirement:acme.atlassian.net/wiki/65824#", "aofctl-requirement:acme.atlassian.net/wiki/x"} {
		if got, ok := requirement.ParseGlobalID(site, name); ok {
			t.Errorf("%q is %v", name, got)
		}
	}
	for text, want := range map[string]string{
		"see 65824#req-1, and (1#a-b).": "[65824#req-1 1#a-b]", "65824#REQ-1 65824#req-1": "[65824#req-1]", "x65824#req-1 #12 12# 12#-": "[]",
		"https://x.example/pages/65824#req-1": "[]", "pageId=65824#req-1": "[]", "`65824#req-1`": "[65824#req-1]",
	} {
		if got := fmt.Sprint(requirement.Mentions(text)); got != want {
			t.Errorf("%q: %s, want %s", text, got, want)
		}
	}
}
