package e2e

import (
	"fmt"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/aofctl/aofctl/internal/admin"
	"github.com/aofctl/aofctl/internal/sandbox/confluence"
	"github.com/aofctl/aofctl/internal/sandbox/jira"
	"github.com/aofctl/aofctl/internal/sandbox/pgserver/pgtest"
	"github.com/aofctl/aofctl/internal/store"
)

// editing are the rules of a model that writes to the page that it is started for.
const editing = `
rules:
  - name: edit
    when: {not_called: [confluence_append_to_page]}
    call: [{tool: confluence_append_to_page, args: {page_id: "PAGE", body: "Reviewed.", reason: "as asked"}}]
  - {name: done, say: I added a line.}
`

// told are the deliveries of Confluence of a type, once there are n, all decided.
func (w *world) told(event string, n int) []admin.Delivery {
	w.t.Helper()
	var list []admin.Delivery
	w.await(fmt.Sprintf("%d deliveries of %s", n, event), func() bool {
		list = nil
		for _, d := range w.deliveries(0, url.Values{"source": {"confluence"}}) {
			if d.EventType == event {
				list = append([]admin.Delivery{d}, list...)
			}
		}
		return len(list) >= n
	})
	return list
}

func bothKinds(t *testing.T, play func(t *testing.T, kind jira.Deployment)) {
	t.Helper()
	for _, kind := range []jira.Deployment{jira.Cloud, jira.DataCenter} {
		t.Run(string(kind), func(t *testing.T) { play(t, kind) })
	}
}

func TestWhatTheAgentWritesOnAPageStartsNothing(t *testing.T) {
	bothKinds(t, func(t *testing.T, kind jira.Deployment) {
		w := newWikiWorld(t, kind)
		page := w.newPage("alice", "Login")
		w.script(strings.ReplaceAll(editing, "PAGE", page))
		w.write("triggers/pages.yaml", strings.Replace(pageTrigger, "[page_created, page_updated]", `["*"]`, 1))
		w.start()
		do(t, w.box.Confluence.As("alice").EditPage(page, "<p>Better.</p>", "typo"))
		succeeded(t, w.over(page, 1))
		comment := w.told("comment_created", 1)[0]
		edits := w.told("page_updated", 2)
		w.idle()
		if runs := w.over(page, 1); len(runs) != 1 || runs[0].IssueKey != "page:"+page {
			t.Errorf("runs %+v", runs)
		}
		if p, _ := w.box.Confluence.Page(page); p.Version != 3 || !strings.Contains(p.Message, "as asked (reviewer, aofctl:") || !strings.Contains(p.Body, "Reviewed.") {
			t.Errorf("the page is %+v", p)
		}
		if comment.Reason != "own_comment" && comment.Reason != "own_account" || edits[1].Reason != "own_account" {
			t.Errorf("our comment: %s %s, our edit: %s %s", comment.State, comment.Reason, edits[1].State, edits[1].Reason)
		}
	})
}

// TestAnEditOfAnotherDaemonStartsNothing has somebody's account write as this program
// does, with the mark of a call in the version's message.
func TestAnEditOfAnotherDaemonStartsNothing(t *testing.T) {
	bothKinds(t, func(t *testing.T, kind jira.Deployment) {
		w := newWikiWorld(t, kind)
		page := w.newPage("alice", "Login")
		w.start()
		do(t, w.box.Confluence.As("bob").EditPage(page, "<p>A.</p>", "as asked (writer, aofctl:0123456789ab)"))
		if d := w.told("page_updated", 1)[0]; d.Reason != "own_comment" {
			t.Errorf("%s %s", d.State, d.Reason)
		}
		do(t, w.box.Confluence.As("alice").EditPage(page, "<p>B.</p>", ""))
		succeeded(t, w.over(page, 1))
	})
}

func TestFiltersOfPagesAreAskedForAndFailClosed(t *testing.T) {
	bothKinds(t, func(t *testing.T, kind jira.Deployment) {
		w := newWikiWorld(t, kind)
		w.write("triggers/pages.yaml", strings.Replace(pageTrigger, "events: [page_created, page_updated]", `events: [page_updated, page_removed],
    filters: {spaces: [DOC], titles: ["spec: *"], labels: [ready]}`, 1))
		wanted, other, plain := w.newPage("alice", "Spec: Login"), w.newPage("alice", "Notes"), w.newPage("alice", "Spec: Logout")
		alice := w.box.Confluence.As("alice")
		for _, id := range []string{wanted, other} {
			do(t, alice.Label(id, "Ready"))
		}
		w.start()
		for _, id := range []string{other, plain, wanted} {
			do(t, alice.EditPage(id, "<p>New.</p>", ""))
		}
		succeeded(t, w.over(wanted, 1))
		var missed []string
		for _, d := range w.told("page_updated", 3) {
			detail := w.cli(t, "describe", "delivery", d.ID)
			for _, clause := range []string{"titles", "labels"} {
				if d.State == "ignored" && regexp.MustCompile(`(?m)\b`+clause+`\b`).MatchString(detail) {
					missed = append(missed, clause)
				}
			}
		}
		if slices.Sort(missed); !slices.Equal(missed, []string{"labels", "titles"}) {
			t.Errorf("near misses %q", missed)
		}
		if runs := w.runs(url.Values{}); len(runs) != 1 {
			t.Errorf("%d runs", len(runs))
		}
	})
}

// TestAPageThatIsGoneIsNoErrorLoop removes a page for good before its edit is looked
// at.
func TestAPageThatIsGoneIsNoErrorLoop(t *testing.T) {
	w := newWikiWorld(t, jira.DataCenter)
	w.write("triggers/pages.yaml", strings.Replace(pageTrigger, "page_updated]", `page_updated, page_removed, comment_created],
    filters: {labels: [ready]}`, 1))
	w.start()
	for i, body := range []string{
		`{"timestamp":1768000000000,"event":"page_updated","userKey":"ff80808192b0a1ce0192b0a2f1b30001","page":{"id":99999999}}`,
		`{"timestamp":1768000000001,"event":"page_removed","userKey":"ff80808192b0a1ce0192b0a2f1b30001","page":{"id":99999999}}`,
		`{"timestamp":1768000000002,"event":"comment_created","userKey":"ff80808192b0a1ce0192b0a2f1b30001","comment":{"id":99999998}}`,
		`{"timestamp":1768000000003,"event":"page_updated","page":{"id":99999999}}`,
	} {
		if a := w.sendWiki("", body, wikiSecret); a.status != http.StatusOK {
			t.Fatalf("delivery %d is answered with %d %s", i, a.status, a.body)
		}
	}
	for _, d := range w.deliveries(4, url.Values{"source": {"confluence"}}) {
		if d.State != "ignored" || d.Reason != "filtered" {
			t.Errorf("%s: %s %s", d.EventType, d.State, d.Reason)
		}
	}
}

// sendWiki posts a body to the path of an event, "" for the plain one, signed with a
// secret.
func (w *world) sendWiki(event, body, secret string) answer {
	w.t.Helper()
	a, err := w.try(http.MethodPost, strings.TrimSuffix(w.wikiURL()+"/"+event, "/"), body, map[string]string{"X-Hub-Signature": confluence.Sign(secret, []byte(body))})
	do(w.t, err)
	return a
}

func TestOnlyWhoKnowsTheSecretIsHeard(t *testing.T) {
	w := newWikiWorld(t, jira.Cloud)
	w.environ["PAGES_SECRET"] = wikiSecret
	w.write("triggers/pages.yaml", strings.Replace(pageTrigger, "config: {events: [page_created, page_updated]}", "config: {events: [page_created], webhook_secret_env: PAGES_SECRET}", 1))
	w.start()
	const body = `{"page_id": "131", "event": "page_created", "user_account_id": "u", "timestamp": 1768000000000}`
	unsigned := map[string]string{"X-Hub-Signature": ""}
	for name, c := range map[string]struct {
		path    string
		method  string
		headers map[string]string
		status  int
	}{
		"wrong signature":     {"", "POST", map[string]string{"X-Hub-Signature": confluence.Sign("wrong", []byte(body))}, 401},
		"Jira's signature":    {"", "POST", nil, 401},
		"nothing":             {"", "POST", unsigned, 401},
		"nothing, by path":    {"/page_created", "POST", unsigned, 401},
		"wrong token":         {"/page_created", "POST", map[string]string{"X-Hub-Signature": "", "X-Webhook-Token": "wrong"}, 401},
		"token as signature":  {"", "POST", map[string]string{"X-Hub-Signature": wikiToken}, 401},
		"another method":      {"/page_created", "GET", unsigned, 405},
		"no name of an event": {"/page created", "POST", unsigned, 404},
		"a path below":        {"/page_created/x", "POST", unsigned, 404},
		"bearer token":        {"/page_created", "POST", map[string]string{"X-Hub-Signature": "", "Authorization": "Bearer " + wikiToken}, 200},
		"trigger's secret":    {"", "POST", map[string]string{"X-Hub-Signature": confluence.Sign(wikiSecret, []byte(body))}, 200},
	} {
		a, err := w.try(c.method, w.wikiURL()+strings.ReplaceAll(c.path, " ", "%20"), body, c.headers)
		if err != nil || a.status != c.status {
			t.Errorf("%s: %d %s %v, want %d", name, a.status, a.body, err, c.status)
		}
	}
	if list := w.deliveries(2, url.Values{"source": {"confluence"}}); len(list) != 2 {
		t.Errorf("stored %+v", list)
	}
}

// TestADeliveryOfConfluenceCountsOnce sends an edit twice, has a second webhook tell of it, and
// tests a connection.
func TestADeliveryOfConfluenceCountsOnce(t *testing.T) {
	w := newWikiWorld(t, jira.DataCenter)
	_, err := w.box.Confluence.Register(confluence.Webhook{Name: "again", URL: w.wikiURL() + "/?from=again", Secret: wikiSecret, Events: []string{"page_updated"}})
	do(t, err)
	page := w.newPage("alice", "Login")
	w.start()
	do(t, w.box.Confluence.As("alice").EditPage(page, "<p>A.</p>", ""))
	succeeded(t, w.over(page, 1))
	do(t, w.box.Confluence.Wait(t.Context()))
	attempts := w.box.Confluence.Attempts()
	i := slices.IndexFunc(attempts, func(a confluence.Attempt) bool { return a.Event == "page_updated" })
	if a := w.sendWiki("", attempts[i].Body, wikiSecret); a.status != 200 || !strings.Contains(a.body, "duplicate") {
		t.Errorf("repeated it is answered with %d %s", a.status, a.body)
	}
	// The same happening under another identity.
	other := strings.Replace(attempts[i].Body, "{", "{ ", 1)
	if a := w.sendWiki("", other, wikiSecret); a.status != 200 || !strings.Contains(a.body, "accepted") {
		t.Errorf("in other words it is answered with %d %s", a.status, a.body)
	}
	if a := w.sendWiki("", `{"test":true}`, wikiSecret); a.status != 200 {
		t.Errorf("a test of the connection is answered with %d %s", a.status, a.body)
	}
	w.idle()
	var states []string
	for _, d := range w.deliveries(3, url.Values{"source": {"confluence"}}) {
		if d.EventType != "comment_created" {
			states = append(states, d.EventType+" "+string(d.State))
		}
	}
	if slices.Sort(states); !slices.Equal(states, []string{"page_updated duplicate", "page_updated routed", "ping ignored"}) {
		t.Errorf("deliveries %q", states)
	}
	if runs := w.runs(url.Values{"issue": {"page:" + page}}); len(runs) != 1 {
		t.Errorf("%d runs", len(runs))
	}
}

func TestABodyOfARuleMayBeSmallAndItsEventOfAnyName(t *testing.T) {
	w := newWikiWorld(t, jira.Cloud)
	w.write("triggers/pages.yaml", strings.Replace(pageTrigger, "[page_created, page_updated]", "[page_signed_off]", 1))
	page := w.newPage("alice", "Login")
	w.start()
	body := fmt.Sprintf(`{"page_id": "%s", "user_account_id": "5b10a2844c20165700ede21a", "page_title": "Login"}`, page)
	headers := map[string]string{"X-Hub-Signature": "", "X-Webhook-Token": wikiToken}
	for _, event := range []string{"page_signed_off", "page_seen"} {
		a, err := w.try(http.MethodPost, w.wikiURL()+"/"+event, body, headers)
		if err != nil || a.status != http.StatusOK || !strings.Contains(a.body, "accepted") {
			t.Errorf("%s: %d %s %v", event, a.status, a.body, err)
		}
	}
	succeeded(t, w.over(page, 1))
	if d := w.told("page_seen", 1)[0]; d.Reason != "no_trigger" {
		t.Errorf("%+v", d)
	}
}

const traceTrigger = `apiVersion: aof.dev/v1
kind: Trigger
metadata: {name: traces}
spec:
  type: Confluence
  config: {events: [comment_created, comment_updated]}
  commands:
    /trace: {agent: reviewer, description: Trace the requirements}
`

func TestCommandsInCommentsOnPagesRun(t *testing.T) {
	bothKinds(t, func(t *testing.T, kind jira.Deployment) {
		w := newWikiWorld(t, kind)
		w.write("triggers/pages.yaml", traceTrigger)
		page := w.newPage("alice", "Login")
		w.start()
		remark := func(body string) {
			t.Helper()
			_, err := w.box.Confluence.As("bob").Comment(page, body)
			do(t, err)
		}
		remark(`<p>Mind this:</p><ac:structured-macro ac:name="code"><ac:plain-text-body><![CDATA[/trace never]]></ac:plain-text-body></ac:structured-macro>`)
		remark(`<p>/trace only=must</p>`)
		remark(`<p>/help</p>`)
		remark(`<p>/tracee</p>`)
		runs := w.over(page, 3)
		succeeded(t, runs)
		w.idle()
		if runs = w.over(page, 3); len(runs) != 3 || runs[0].Target != "reviewer" || runs[0].Actor != "Bob Manager" || runs[1].Target != "help" || runs[2].Target != "unknown-command" {
			t.Errorf("runs %+v", runs)
		}
		said := strings.Join(w.remarks(page)[4:], "\n")
		for _, want := range []string{"Looks fine to me.", "Trace the requirements", "Did you mean"} {
			if !strings.Contains(said, want) {
				t.Errorf("nobody says %q:\n%s", want, said)
			}
		}
	})
}

// cautious is an agent that asks before it writes.
const cautious = pageReviewer + "  approval: {tools: [confluence_append_to_page], approvers: [%s]}\n"

func TestPeopleDecideInCommentsOnPages(t *testing.T) {
	bothKinds(t, func(t *testing.T, kind jira.Deployment) {
		w := newWikiWorld(t, kind)
		approver := "bob"
		if kind == jira.Cloud {
			approver = "712020:8b6b268b-17b3-407b-8974-bed4042fa709"
		}
		w.write("agents/reviewer.yaml", fmt.Sprintf(cautious, approver))
		page, other := w.newPage("alice", "Login"), w.newPage("alice", "Other")
		w.script(strings.ReplaceAll(editing, "PAGE", page))
		w.start()
		alice, bob := w.box.Confluence.As("alice"), w.box.Confluence.As("bob")
		do(t, alice.EditPage(page, "<p>Better.</p>", "typo"))
		code := ""
		w.await("a question on the page", func() bool {
			for _, text := range w.remarks(page) {
				if m := regexp.MustCompile(`approve ([0-9A-Z]{6})\b`).FindStringSubmatch(text); m != nil {
					code = m[1]
				}
			}
			return code != ""
		})
		_, err := alice.Comment(page, "<p>/approve "+code+"</p>")
		do(t, err)
		if d := w.told("comment_created", 1); !slices.ContainsFunc(d, func(d admin.Delivery) bool { return strings.Contains(d.Reason, "decision refused") }) {
			w.await("the refusal", func() bool {
				return slices.ContainsFunc(w.told("comment_created", 2), func(d admin.Delivery) bool { return strings.Contains(d.Reason, "decision refused") })
			})
		}
		at := page
		if kind == jira.Cloud { // where accounts are the same everywhere
			at = other
		}
		_, err = bob.Comment(at, "<p>/approve "+code+" fine</p>")
		do(t, err)
		var runs []store.Run
		w.await("the run to end", func() bool {
			runs = w.runs(url.Values{"target": {"reviewer"}})
			return len(runs) == 1 && runs[0].State.Terminal()
		})
		succeeded(t, runs)
		if p, _ := w.box.Confluence.Page(page); !strings.Contains(p.Body, "Reviewed.") {
			t.Errorf("the page is %+v", p)
		}
	})
}

// TestADeliveryWaitsWhileConfluenceIsAway lets Confluence fail while a comment and an
// edit of its page come.
func TestADeliveryWaitsWhileConfluenceIsAway(t *testing.T) {
	w := newWikiWorld(t, jira.DataCenter)
	w.environ["AOF_DSN"], w.storage = pgtest.Database(t), "{dsn_env: AOF_DSN}"
	w.writeDefaultsFor(jira.DataCenter)
	w.write("triggers/pages.yaml", strings.Replace(pageTrigger, "page_updated]", "page_updated, comment_created]", 1))
	page := w.newPage("alice", "Login")
	w.start()
	_, err := w.box.Confluence.AddFault(confluence.Fault{Method: "GET", Path: "/rest/api/content/", Effect: confluence.Answer, Status: 503})
	do(t, err)
	alice := w.box.Confluence.As("alice")
	_, err = alice.Comment(page, "<p>Why?</p>")
	do(t, err)
	do(t, alice.EditPage(page, "<p>Therefore.</p>", ""))
	do(t, w.box.Confluence.Wait(t.Context()))
	for _, d := range w.list(url.Values{"source": {"confluence"}}) {
		if d.State != "received" {
			t.Errorf("%s is %s %s", d.EventType, d.State, d.Reason)
		}
	}
	w.box.Confluence.ClearFaults()
	var order []string
	for _, r := range w.over(page, 2) {
		order = append(order, r.EventType)
	}
	if !slices.Equal(order, []string{"comment_created", "page_updated"}) {
		t.Errorf("the runs' order is %q", order)
	}
}

// TestWhatHappensToAFileAndALabelIsOfTheirPage puts a file and a label at a page.
func TestWhatHappensToAFileAndALabelIsOfTheirPage(t *testing.T) {
	bothKinds(t, func(t *testing.T, kind jira.Deployment) {
		w := newWikiWorld(t, kind)
		w.write("triggers/pages.yaml", strings.Replace(pageTrigger, "[page_created, page_updated]", `["attachment_*", label_added], filters: {spaces: [DOC]}`, 1))
		w.write("agents/reviewer.yaml", strings.Replace(pageReviewer, "{{ metadata.space_key }}", "{{ metadata.attachment_name }}", 1))
		page := w.newPage("alice", "Login")
		w.start()
		alice := w.box.Confluence.As("alice")
		do(t, alice.Attach(page, "flow.png", "image/png", []byte("x")))
		do(t, alice.Label(page, "ready"))
		runs := w.over(page, 2)
		succeeded(t, runs)
		if runs[0].EventType != "attachment_created" || runs[1].EventType != "label_added" || runs[0].Actor == "" {
			t.Errorf("runs %+v", runs)
		}
	})
}

// list are the deliveries as they are now.
func (w *world) list(query url.Values) []admin.Delivery {
	w.t.Helper()
	list, err := w.client().Deliveries(w.t.Context(), query)
	do(w.t, err)
	return list
}

// writeDefaultsFor writes the configuration anew, with a Confluence.
func (w *world) writeDefaultsFor(kind jira.Deployment) {
	w.t.Helper()
	w.configure("{}", "{settle: 100ms}")
	w.wikiConfig(kind)
}
