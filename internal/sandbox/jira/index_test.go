package jira

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
	"time"
)

// brute lists what a query finds by looking at every issue.
func brute(t *testing.T, x *tx, jql string) []*issue {
	t.Helper()
	q, err := parseJQL(jql)
	if err != nil {
		t.Fatal(err)
	}
	matches, err := x.compile(q.where)
	if err != nil {
		t.Fatalf("%s: %v", jql, err)
	}
	var out []*issue
	for _, i := range x.st.issues {
		if matches(i) {
			out = append(out, i)
		}
	}
	if err := x.sortBy(out, q.order); err != nil {
		t.Fatal(err)
	}
	return out
}

// TestSearchesFindTheSameWithTheIndex changes a site at random and compares each
// search with one that looks at everything.
func TestSearchesFindTheSameWithTheIndex(t *testing.T) {
	for seed := range uint64(6) {
		luck := rand.New(rand.NewPCG(seed, 1))
		c := newClock()
		kind := []Deployment{Cloud, DataCenter}[seed%2]
		s := newSite(t, Options{Now: c.now, Deployment: kind})
		a := s.As("alice")
		var keys []string
		pick := func() string { return keys[luck.IntN(len(keys))] }
		for step := range 150 {
			c.add(time.Duration(luck.IntN(90)) * time.Second)
			var err error
			switch n := luck.IntN(10); {
			case n < 3 || len(keys) < 5:
				project := []string{"PROJ", "FEAT"}[luck.IntN(2)]
				in := NewIssue{Project: project, Summary: fmt.Sprint("s", step), Labels: []string{fmt.Sprint("l", luck.IntN(3))}}
				if luck.IntN(3) == 0 {
					in.Fields = map[string]any{"customfield_10020": 1 + luck.IntN(2)}
				}
				if len(keys) > 0 && luck.IntN(3) == 0 {
					if in.Parent = pick(); strings.HasPrefix(in.Parent, project) {
						in.Type = "Sub-task"
					} else {
						in.Parent = ""
					}
				}
				var key string
				if key, err = a.CreateIssue(in); err == nil {
					keys = append(keys, key)
				}
			case n < 5:
				err = a.MoveToSprint(pick(), luck.IntN(3))
			case n < 7:
				_, err = a.Comment(pick(), "c", nil)
			case n < 9:
				err = a.Update(pick(), map[string]any{"labels": []string{fmt.Sprint("l", luck.IntN(3))}})
			default:
				key := pick()
				if err = a.DeleteIssue(key); err == nil {
					keys = s.Keys()
				}
			}
			if err != nil {
				t.Fatal(err)
			}
		}
		compareSearches(t, s, pick)
	}
}

func compareSearches(t *testing.T, s *site, pick func() string) {
	t.Helper()
	x := &tx{st: s.st, by: s.st.users[0], now: s.opts.Now(), api: 2}
	for _, jql := range []string{
		`project = PROJ`, `project in (PROJ, FEAT)`, `project = Features OR key = ` + pick(), `key in (` + pick() + `, ` + pick() + `, ` + pick() + `)`,
		`sprint = 1`, `sprint in openSprints() OR sprint in futureSprints()`, `sprint = "PROJ Sprint 2" AND project = FEAT`, `parent = ` + pick(),
		`updated >= -10m`, `updated > -30m AND project = PROJ ORDER BY updated`, `created >= -20m`, `created > -1h AND updated > -5m`,
		`NOT project = PROJ`, `project != PROJ`, `sprint is EMPTY`, `labels = l1 AND sprint = 2`, `(project = PROJ AND updated > -20m) OR parent = ` + pick(),
		`updated >= "2026-03-02 10:30"`, `summary ~ s1`,
	} {
		q, err := parseJQL(jql)
		if err != nil {
			t.Fatal(err)
		}
		found, err := x.matching(q, nil)
		if err != nil {
			t.Fatalf("%s: %v", jql, err)
		}
		if want := brute(t, x, jql); keysOf(found) != keysOf(want) {
			t.Errorf("%s\n got %s\nwant %s", jql, keysOf(found), keysOf(want))
		}
	}
	labels := map[string]int{}
	for _, i := range s.st.issues {
		list, _ := i.values["labels"].([]any)
		for _, l := range list {
			labels[text(l)]++
		}
	}
	if fmt.Sprint(labels) != fmt.Sprint(s.st.index.labels) {
		t.Errorf("labels %v, counted %v", labels, s.st.index.labels)
	}
	if n := s.st.index.recent.Len(); n != len(s.st.issues) {
		t.Errorf("%d issues by change, %d in all", n, len(s.st.issues))
	}
}

func keysOf(list []*issue) string {
	var out []string
	for _, i := range list {
		out = append(out, i.key)
	}
	return strings.Join(out, " ")
}

func TestAClockThatGoesBackLosesNoIssue(t *testing.T) {
	c := newClock()
	s := newSite(t, Options{Now: c.now})
	s.issue(NewIssue{})
	c.add(-time.Hour)
	s.issue(NewIssue{})
	c.add(2 * time.Hour)
	got, _ := s.search(`created > "2026-03-02 08:00" ORDER BY key`)
	if strings.Join(got, " ") != "PROJ-1 PROJ-2" {
		t.Errorf("found %v", got)
	}
	if got, _ := s.search(`created > "2026-03-02 09:30"`); strings.Join(got, " ") != "PROJ-1" {
		t.Errorf("found %v", got)
	}
}

// crowd is a site with many issues in other projects than the one asked for.
func crowd(b *testing.B, n int) *Server {
	b.Helper()
	seed := Seed{Issues: make([]NewIssue, 0, n)}
	for at := range n {
		seed.Issues = append(seed.Issues, NewIssue{Project: []string{"PROJ", "FEAT", "SUP"}[at%3], Summary: fmt.Sprint("issue ", at)})
	}
	s, err := New(Options{Seed: seed})
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(s.Close)
	return s
}

func BenchmarkSearchByKeyAmong10000(b *testing.B) {
	s := crowd(b, 10000)
	for b.Loop() {
		serve(b, s, "GET", "/rest/api/2/search/jql?fields=summary&jql=key%3DPROJ-77", "")
	}
}

func BenchmarkSearchOfLatestAmong10000(b *testing.B) {
	s := crowd(b, 10000)
	if err := s.As("alice").AddLabels("PROJ-77", "x"); err != nil {
		b.Fatal(err)
	}
	for b.Loop() {
		serve(b, s, "GET", "/rest/api/2/search/jql?fields=summary&maxResults=10&jql=updated%3E%3D%22-1m%22+AND+labels%3Dx", "")
	}
}

// FuzzIndexedSearch compares what any query finds with and without the index.
func FuzzIndexedSearch(f *testing.F) {
	for _, jql := range []string{
		`project = PROJ AND updated >= -1h`, `NOT (sprint = 1 OR key = PROJ-1)`, `parent = PROJ-1 OR created > startOfDay(-1)`,
		`sprint in openSprints() AND project != FEAT`, `key in (PROJ-1, FEAT-9)`, `updated > now() OR id = 10002`,
	} {
		f.Add(jql)
	}
	s, err := New(Options{Seed: Seed{Issues: []NewIssue{
		{Project: "PROJ", Summary: "a", Labels: []string{"l"}}, {Project: "PROJ", Type: "Sub-task", Summary: "b", Parent: "PROJ-1"},
		{Project: "FEAT", Summary: "c", Fields: map[string]any{"customfield_10020": 1}},
	}}})
	if err != nil {
		f.Fatal(err)
	}
	f.Cleanup(s.Close)
	f.Fuzz(func(t *testing.T, jql string) {
		x := &tx{st: s.st, by: s.st.users[0], now: s.opts.Now(), api: 2}
		q, err := parseJQL(jql)
		if err != nil {
			return
		}
		found, err := x.matching(q, nil)
		if err != nil {
			return
		}
		if want := brute(t, x, jql); keysOf(found) != keysOf(want) {
			t.Errorf("%s finds %s, not %s", jql, keysOf(found), keysOf(want))
		}
	})
}

// FuzzWebhookURL fills in any URL without a panic, and leaves one without
// variables as it is.
func FuzzWebhookURL(f *testing.F) {
	for _, raw := range []string{"http://x/${issue.key}?a=${project.id}", "http://x/{issue.key}", "${", "{}", "http://x/$%7B", "::"} {
		f.Add(raw)
	}
	cloud, dc := newPost(Options{}.completed()), newPost(Options{Deployment: DataCenter}.completed())
	f.Cleanup(cloud.close)
	f.Cleanup(dc.close)
	e := event{by: &User{Name: "alice", Key: "JIRAUSER1"}, issue: &issue{id: 1, key: "PROJ-1", project: &project{}}, payload: obj{}}
	f.Fuzz(func(t *testing.T, raw string) {
		if got := cloud.target(raw, e); !strings.Contains(raw, "${") && got != raw {
			t.Errorf("%q became %q", raw, got)
		}
		_ = dc.target(raw, e)
	})
}
