package e2e

import (
	"context"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/aofctl/aofctl/internal/a2a"
	"github.com/aofctl/aofctl/internal/a2a/client"
	"github.com/aofctl/aofctl/internal/sandbox/jira"
	"github.com/aofctl/aofctl/internal/sandbox/model"
	"github.com/aofctl/aofctl/internal/sandbox/rovo"
	"github.com/aofctl/aofctl/internal/store"
)

// spy is an agent that may do everything in Jira and remembers what it saw.
const spy = `apiVersion: aof.dev/v1
kind: Agent
metadata: {name: spy}
spec:
  model: google:gemini-2.5-flash
  instructions: You spy on everybody.
  tools: [jira]
  memory: Store
  scope: {projects: ["*"]}
  max_iterations: 30
`

// spyRules are a model that tries whatever could show it what its user may not see:
// by key, by search, by links, by people and by what was remembered.
func spyRules() string {
	var b strings.Builder
	b.WriteString(`
let:
  seen: {in: all, match: '(canary-[a-z]+-[a-z]+-[0-9]+)', else: nothing}
rules:
  - when: {system_contains: You spy on everybody, not_called: [jira_search]}
    call:
`)
	call := func(tool, args string) { fmt.Fprintf(&b, "      - {tool: %s, args: %s}\n", tool, args) }
	for _, key := range []string{"PROJ-1", "PROJ-2", "PROJ-3"} {
		for _, tool := range []string{"jira_get_issue", "jira_get_comments", "jira_get_changelog", "jira_get_remote_links", "jira_list_attachments", "jira_get_worklogs"} {
			call(tool, "{issue_key: "+key+"}")
		}
		call("jira_link_issues", "{type: Blocks, inward_issue: PROJ-1, outward_issue: "+key+"}")
		call("jira_add_labels", "{issue_key: "+key+", labels: [seen]}")
	}
	for _, jql := range []string{"project = PROJ", `text ~ \"canary\"`, "key in (PROJ-2, PROJ-3)", "issue in linkedIssues(PROJ-1)", "reporter is not EMPTY"} {
		call("jira_search", `{jql: "`+jql+`"}`)
	}
	call("memory_search", "{query: canary}")
	call("memory_get", "{key: seen}")
	b.WriteString(`
  - when: {system_contains: You spy on everybody, not_called: [memory_set]}
    call: [{tool: memory_set, args: {key: seen, value: "${seen}"}}]
  - say: "I saw ${seen}."
`)
	return b.String()
}

// victim is somebody with an issue that nobody else may see.
type victim struct {
	name, canary, mark, key string
	user                    *rovo.User
	tenant                  *rovo.Tenant
	talks                   []*rovo.Conversation
}

// victims are two people in each of two tenants. The account of a person is the same
// in both: it is the tenant that keeps them apart.
func victims(t *testing.T, w *world) []*victim {
	t.Helper()
	var all []*victim
	for _, tenant := range []string{"sandbox", "beta"} {
		site := w.box.Rovo.Tenant(tenant)
		for n, who := range []string{"alice", "bob"} {
			v := &victim{name: tenant + "/" + who, canary: fmt.Sprintf("canary-%s-%s-%d", tenant, who, 90210+n), mark: "MARK-" + tenant + "-" + who,
				user: site.User(who), tenant: site}
			key, err := site.Jira().As(who).CreateIssue(jira.NewIssue{Project: "PROJ", Summary: "The secret is " + v.canary, Description: "Keep " + v.canary})
			if err != nil {
				t.Fatal(err)
			}
			v.key = key
			if _, err := site.Jira().As(who).Comment(key, "again "+v.canary, nil); err != nil {
				t.Fatal(err)
			}
			if err := site.Jira().As(who).Link("Blocks", "PROJ-1", key); err != nil {
				t.Fatal(err)
			}
			all = append(all, v)
		}
		for _, v := range all {
			other := map[string]string{"alice": "bob", "bob": "alice"}[v.name[strings.Index(v.name, "/")+1:]]
			if v.tenant == site {
				if err := site.Jira().Hide(other, v.key); err != nil {
					t.Fatal(err)
				}
			}
		}
	}
	return all
}

// TestNobodysAgentSeesWhatOnlyOthersMaySee runs a daemon whose own account sees
// everything, for users who see little, with a model that tries everything.
func TestNobodysAgentSeesWhatOnlyOthersMaySee(t *testing.T) {
	w := newRovoWorld(t, rovo.Options{Poll: 20 * time.Millisecond}, "beta")
	rules, err := model.Parse([]byte(spyRules()))
	if err != nil {
		t.Fatal(err)
	}
	w.box.Model.SetRules(rules)
	w.write("agents/spy.yaml", spy)
	for _, hook := range w.box.Jira.Webhooks() { // with them the daemon works for itself, too
		w.box.Jira.Unregister(hook.ID)
	}
	all := victims(t, w)
	d := w.start("--log-level", "debug")
	ctx := bounded(t)
	for _, name := range []string{"sandbox", "beta"} {
		if err := w.box.Rovo.Tenant(name).Setup(ctx); err != nil {
			t.Fatal(err)
		}
	}
	for range 2 { // the second time there is something in everybody's memory
		var together sync.WaitGroup
		for _, v := range all {
			together.Go(func() { v.ask(ctx, t) })
		}
		together.Wait()
	}
	if t.Failed() {
		return
	}
	for _, v := range all {
		v.snoops(ctx, t, all)
	}
	promptsApart(t, w, all)
	gatewayApart(t, w, all)
	for _, request := range w.proxy.requests() {
		if strings.Contains(request, "/rest/") && request != "GET /rest/api/2/myself" {
			t.Errorf("the daemon asked with its own account: %s", request)
		}
	}
	d.stop()
	unheard(t, w, d.log.String(), all)
}

// ask has the person's agent work on the person's issue.
func (v *victim) ask(ctx context.Context, t *testing.T) {
	talk, err := v.user.Mention(ctx, rovo.Agent{Name: "spy", Dialect: client.Jira10}, v.key, v.mark+" what is there?")
	if err != nil {
		t.Errorf("%s: %v", v.name, err)
		return
	}
	task, err := talk.Settle(ctx)
	if err != nil || task.State != a2a.Completed || task.Text != "I saw "+v.canary+"." {
		t.Errorf("%s: %+v, %v", v.name, task, err)
	}
	v.talks = append(v.talks, talk)
}

// snoops has the person ask after the conversations of all others.
func (v *victim) snoops(ctx context.Context, t *testing.T, all []*victim) {
	t.Helper()
	agent := rovo.Agent{Name: "spy"}
	for _, other := range all {
		for _, talk := range other.talks {
			task, err := v.user.Resume(agent, other.key, talk.ContextID(), talk.Task().ID).Poll(ctx)
			if own := v == other; own != (err == nil) {
				t.Errorf("%s asks for a task of %s: %+v, %v", v.name, other.name, task, err)
			}
		}
		for _, line := range lines(v.talks) {
			if other != v && strings.Contains(line, other.canary) {
				t.Errorf("%s was shown %q", v.name, line)
			}
		}
	}
}

func lines(talks []*rovo.Conversation) []string {
	var list []string
	for _, talk := range talks {
		for _, line := range talk.Transcript() {
			list = append(list, line.Text)
		}
	}
	return list
}

// promptsApart checks what the model was told for each person.
func promptsApart(t *testing.T, w *world, all []*victim) {
	t.Helper()
	remembered := map[string]bool{}
	for _, request := range w.box.Model.Requests() {
		body := string(request.Body)
		var whose []*victim
		for _, v := range all {
			if strings.Contains(body, v.mark) {
				whose = append(whose, v)
			}
		}
		if len(whose) != 1 {
			t.Errorf("a prompt is of %d people", len(whose))
			continue
		}
		for _, v := range all {
			if v != whose[0] && strings.Contains(body, v.canary) {
				t.Errorf("the model was told %s of %s for %s", v.canary, v.name, whose[0].name)
			}
		}
		if strings.Contains(body, "1 of 1 entries match") {
			remembered[whose[0].name] = true
		}
	}
	if len(remembered) != len(all) {
		t.Errorf("only %v remembered anything", remembered)
	}
}

// gatewayApart checks whose token each request bore: for the issue that a person's
// agent works on, it can only be the person's.
func gatewayApart(t *testing.T, w *world, all []*victim) {
	t.Helper()
	refused, requests := 0, w.box.Rovo.Requests()
	for _, r := range requests {
		if r.Kind != "user" || !slices.ContainsFunc(all, func(v *victim) bool { return v.user.Account() == r.Account && v.tenant.Name() == r.Tenant }) {
			t.Errorf("%s %s came with a token of kind %q of %q in %q", r.Method, r.Path, r.Kind, r.Account, r.Tenant)
		}
		if site := w.box.Rovo.Tenant(r.Tenant); site == nil || site.CloudID() != r.CloudID {
			t.Errorf("%s %s of site %s came with a token for %q", r.Method, r.Path, r.CloudID, r.Tenant)
		}
		for _, v := range all {
			theirs := strings.Contains(r.Path, "/issue/"+v.key) && v.tenant.Name() == r.Tenant
			if theirs && v.user.Account() != r.Account {
				refused++
				if r.Status < 400 {
					t.Errorf("%s %s was answered %d to %s", r.Method, r.Path, r.Status, r.Account)
				}
			}
		}
	}
	if len(requests) < 50 || refused == 0 {
		t.Errorf("%d requests of which %d were refused: did the agents try?", len(requests), refused)
	}
}

// unheard looks for what was said, and for all tokens, where neither belongs.
func unheard(t *testing.T, w *world, log string, all []*victim) {
	t.Helper()
	for _, v := range all {
		if strings.Contains(log, v.canary) {
			t.Errorf("the log has %s", v.canary)
		}
	}
	err := filepath.WalkDir(w.dir, func(path string, e os.DirEntry, err error) error {
		if err != nil || e.IsDir() {
			return err
		}
		raw, err := os.ReadFile(path)
		log += string(raw)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	secrets := w.box.Rovo.Secrets()
	for _, s := range secrets {
		if strings.Contains(log, s.Token) {
			t.Errorf("a token of kind %s of %s lies in the open", s.Kind, s.Account)
		}
	}
	if len(secrets) == 0 {
		t.Error("there were no tokens")
	}
}

// TestACommentThatIsWrittenForAUserStartsNothing has comments come back by webhook
// as those of the user in whose name they were written.
func TestACommentThatIsWrittenForAUserStartsNothing(t *testing.T) {
	w := newRovoWorld(t, rovo.Options{Poll: 20 * time.Millisecond})
	if err := os.RemoveAll(filepath.Join(w.dir, "triggers")); err != nil {
		t.Fatal(err)
	}
	w.write("triggers/comments.yaml", `apiVersion: aof.dev/v1
kind: Trigger
metadata: {name: comments}
spec: {type: Jira, config: {events: [comment_created]}, default_agent: reviewer}
`)
	w.start()
	ctx, site := bounded(t), w.box.Rovo.Tenant("")
	if err := site.Setup(ctx); err != nil {
		t.Fatal(err)
	}
	talk, err := site.User("alice").Assign(ctx, rovo.Agent{}, "PROJ-1")
	if err != nil {
		t.Fatal(err)
	}
	w.completed(ctx, talk)
	// A comment of the same person's own is worked on, behind that of the agent.
	w.comment("alice", "PROJ-1", "Please look again.")
	triggered := func() []store.Run {
		return slices.DeleteFunc(w.runs(url.Values{}), func(r store.Run) bool { return r.Trigger != "comments" })
	}
	w.await("the person's own comment to be worked on", func() bool { return len(triggered()) > 0 })
	w.idle()
	if runs := triggered(); len(runs) != 1 {
		issue, _ := w.box.Jira.Issue("PROJ-1")
		t.Errorf("%d runs of comments: %+v\n%+v", len(runs), runs, issue.Comments)
	}
	own := 0
	for _, delivery := range w.deliveries(1, url.Values{}) {
		if strings.Contains(delivery.Reason, "own") {
			own++
		}
	}
	if own < 2 { // the agent's comment for the person, and the one for itself
		t.Errorf("%d comments were known as ours", own)
	}
}
