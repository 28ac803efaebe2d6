package confluence

import (
	"net/url"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// ask searches as the bot and returns the titles that are found.
func (s *site) ask(cql string) []string {
	s.t.Helper()
	path := "/wiki/rest/api/search?limit=50&cql="
	if s.Kind() == DataCenter {
		path = "/rest/api/search?limit=50&cql="
	}
	body := s.want(200, "GET", path+url.QueryEscape(cql), "")
	titles := []string{}
	list, _ := body["results"].([]any)
	for _, one := range list {
		title, _ := dig(one, "title").(string)
		titles = append(titles, title)
	}
	return titles
}

func TestQuestionsInCQLAreAnswered(t *testing.T) {
	both(t, func(t *testing.T, s *site) {
		top := s.page("Roadmap 2026", "<p>plans for the <b>rocket</b></p>")
		sub, err := s.As("bob").CreatePage(NewPage{Space: "TEAM", Title: "Retro notes", Body: "<p>rocket failed</p>"})
		if err != nil {
			t.Fatal(err)
		}
		child, err := s.As("bot").CreatePage(NewPage{Space: "DOC", Title: "Details", Body: "<p>fuel</p>", Parent: top})
		if err != nil {
			t.Fatal(err)
		}
		if _, err := s.As("alice").CreatePage(NewPage{Space: "SECRET", Title: "Rocket secret", Body: "<p>rocket</p>"}); err != nil {
			t.Fatal(err)
		}
		for id, name := range map[string]string{top: "plan", sub: "retro"} {
			if err := s.As("alice").Label(id, name); err != nil {
				t.Fatal(err)
			}
		}
		if _, err := s.As("alice").Comment(sub, "<p>the rocket again</p>"); err != nil {
			t.Fatal(err)
		}
		creator := s.As("bob").by.AccountID
		if s.Kind() == DataCenter {
			creator = "bob"
		}
		for cql, want := range map[string][]string{
			`text ~ "rocket" and type = page`:                            {"Retro notes", "Roadmap 2026"},
			`siteSearch ~ "rock*" AND type IN (page, comment)`:           {"Re: Retro notes", "Retro notes", "Roadmap 2026"},
			`title ~ "roadmap 2026"`:                                     {"Roadmap 2026"},
			`title = "details"`:                                          {"Details"},
			`space = DOC and label = plan`:                               {"Roadmap 2026"},
			`label in ("plan", "retro") order by title`:                  {"Retro notes", "Roadmap 2026"},
			`label in (plan, retro) order by created desc`:               {"Retro notes", "Roadmap 2026"},
			`ancestor = ` + top:                                          {"Details"},
			`parent = ` + top + ` and type = page`:                       {"Details"},
			`id in (` + top + `,` + child + `) order by id`:              {"Roadmap 2026", "Details"},
			`creator = "` + creator + `"`:                                {"Retro notes"},
			`creator = currentUser()`:                                    {"Details"},
			`contributor = currentUser() and not title ~ "nothing"`:      {"Details"},
			`type = page and space != DOC and space != TEAM`:             {"Policies Home"},
			`type = page and (title = "Details" or label = retro)`:       {"Details", "Retro notes"},
			`type = page and label not in (plan) and title ~ "notes"`:    {"Retro notes"},
			`lastmodified > "2026-05-02"`:                                {},
			`created <= now("-1d")`:                                      {},
			`title = "Details" and created >= startOfDay("-1d")`:         {"Details"},
			`text !~ rocket and type = page and space = DOC and id != 1`: {"Details", "Documentation Home"},
			`container = ` + sub:                                         {"Re: Retro notes"},
		} {
			if diff := cmp.Diff(want, s.ask(cql)); diff != "" {
				t.Errorf("%s: %s", cql, diff)
			}
		}
	})
}

func TestWrongQuestionsAreRefused(t *testing.T) {
	s := newSite(t, Options{})
	for _, cql := range []string{
		"", "type", "type =", "type = page and", "colour = red", "type ~ page", "type = page order by colour", "type = nobody()", "(type = page",
		"type = page)", `title = "x`, "type in page", "type in ()", "created > yesterday", `created > now("x")`, "order", "type = page order title",
		"title > 3", "= page", "type not page",
	} {
		if a := s.do("GET", "/wiki/rest/api/search?cql="+url.QueryEscape(cql), ""); a.status != 400 {
			t.Errorf("%q: %d %s", cql, a.status, a.raw)
		}
	}
}

func FuzzParseCQL(f *testing.F) {
	for _, seed := range []string{`type = page and (label in ("a","b") or not title ~ "x") order by created desc, title`, `a = b()`, `"`, `((((`, `created > now("-4w")`} {
		f.Add(seed)
	}
	st, err := newState(Options{}.completed())
	if err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, cql string) {
		q, err := parseCQL(cql)
		if err != nil {
			return
		}
		_, _ = (&tx{st: st, by: st.users[0]}).matching(q, []string{current})
	})
}

// TestDraftsAreFoundByTheSearchThatAsksForThem holds to what Cloud says of drafts:
// https://jira.atlassian.com/browse/CONFCLOUD-80829 and
// https://jira.atlassian.com/browse/CONFCLOUD-82848.
func TestDraftsAreFoundByTheSearchThatAsksForThem(t *testing.T) {
	s := newSite(t, Options{})
	if _, err := s.As("bot").CreatePage(NewPage{Space: "DOC", Title: "Half done", Body: "<p>x</p>", Draft: true}); err != nil {
		t.Fatal(err)
	}
	search := "/wiki/rest/api/search?cql=" + url.QueryEscape(`title = "half done"`)
	for statuses, want := range map[string]int{"": 0, `["current","archived"]`: 0, `["draft"]`: 1, `["current","draft"]`: 1} {
		path := search
		if statuses != "" {
			path += "&cqlcontext=" + url.QueryEscape(`{"contentStatuses":`+statuses+`}`)
		}
		if list, _ := s.want(200, "GET", path, "")["results"].([]any); len(list) != want {
			t.Errorf("statuses %s: %d drafts, want %d", statuses, len(list), want)
		}
	}
	s.want(400, "GET", search+"&cqlcontext="+url.QueryEscape(`{"contentStatuses":["trashed"]}`), "")
	s.want(400, "GET", search+"&cqlcontext=x", "")
}

func TestNoListHasDrafts(t *testing.T) {
	s := newUncheckedSite(t, Options{}) // the description does not have the question
	s.want(400, "GET", "/wiki/api/v2/pages?status=draft", "")
}

func TestWhatIsNewIsSearchedInVainForAWhile(t *testing.T) {
	now := time.Now()
	s := newSite(t, Options{IndexLag: time.Minute, Now: func() time.Time { return now }})
	s.page("New", "<p>x</p>")
	before := s.ask(`title = "new"`)
	now = now.Add(time.Hour)
	if after := s.ask(`title = "new"`); len(before) != 0 || len(after) != 1 {
		t.Errorf("found %v, an hour later %v", before, after)
	}
}
