package e2e

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/aofctl/aofctl/internal/sandbox/jira"
	"github.com/aofctl/aofctl/internal/sandbox/pgserver/pgtest"
	"github.com/aofctl/aofctl/internal/store"
)

// seen is what must be found nowhere once nothing is kept.
const seen = "canary-content-Tv73kQe9"

// forgetful is a world in which an agent reads and changes a page that is full of
// canaries, for an issue that has some, after somebody approved with one more.
func forgetful(t *testing.T, storage string) (w *world, page string) {
	t.Helper()
	w, page = newPageWorld(t, jira.Cloud)
	var body strings.Builder
	body.WriteString(preferences + "<h2>Long</h2>")
	for i := range 300 {
		fmt.Fprintf(&body, "<p>%d %s</p>", i, seen)
	}
	do(t, w.box.Confluence.As("alice").EditPage(page, strings.Replace(body.String(), "None.", "None "+seen, 1), "more"))
	w.githubModel(strings.ReplaceAll(strings.ReplaceAll(`
rules:
  - name: keep
    when: {not_called: [confluence_update_section]}
    call:
      - {tool: confluence_get_page, args: {page_id: "PAGE"}}
      - {tool: confluence_update_section, args: {page_id: "PAGE", heading: Digest mode, body: "Every 15 minutes. SEEN", reason: batches take ten minutes}}
  - {name: done, say: "The specification says SEEN now."}
`, "PAGE", page), "SEEN", seen))
	w.write("agents/keeper.yaml", pageKeeper+"  approval: {tools: [confluence_update_section]}\n")
	w.storing(storage)
	return w, page
}

// storing puts another storage into the configuration.
func (w *world) storing(storage string) {
	w.t.Helper()
	path := filepath.Join(w.dir, "daemon.yaml")
	text, err := os.ReadFile(path)
	if err != nil {
		w.t.Fatal(err)
	}
	before, _, _ := strings.Cut(string(text), "  storage: ")
	w.write("daemon.yaml", before+"  storage: "+storage+"\n")
}

// keepsPage has the agent work on an issue, and returns its run when that is over.
func (w *world) keepsPage() store.Run {
	w.t.Helper()
	key := w.create(jira.NewIssue{Project: "PROJ", Type: "Story", Summary: "Batches " + seen, Description: strings.Repeat(seen+" ", 500)})
	code := w.question(key, 1)
	waiting := w.waitingRun(key)
	if steps := toJSON(w.t, w.detail(waiting.ID)); !strings.Contains(steps, seen) {
		w.t.Errorf("what a run that waits has read is deleted:\n%s", steps)
	}
	if _, err := w.client().Decide(w.t.Context(), code, true, url.Values{"by": {"olga"}, "reason": {"since " + seen}}); err != nil {
		w.t.Fatal(err)
	}
	runs := w.ended(key, 1)
	succeeded(w.t, runs)
	return runs[0]
}

func (w *world) detail(id string) any {
	w.t.Helper()
	d, err := w.client().Run(w.t.Context(), id)
	if err != nil {
		w.t.Fatal(err)
	}
	return d
}

// wiped waits until what was said in a run is deleted.
func (w *world) wiped(id string) {
	w.t.Helper()
	w.await("run "+id+" to be wiped", func() bool {
		d, err := w.client().Run(w.t.Context(), id)
		return err == nil && d.Wiped
	})
}

// traces are the files of the daemon's data in which the canary is.
func (w *world) traces() []string {
	w.t.Helper()
	var list []string
	err := filepath.WalkDir(filepath.Join(w.dir, "data"), func(path string, e os.DirEntry, err error) error {
		if err != nil || e.IsDir() {
			return gone(err)
		}
		raw, err := os.ReadFile(path)
		if n := bytes.Count(raw, []byte(seen)); n > 0 {
			list = append(list, fmt.Sprintf("%s: %d", filepath.Base(path), n))
		}
		return gone(err)
	})
	if err != nil {
		w.t.Fatal(err)
	}
	return list
}

// gone lets pass that a file is not there any more: databases make and remove some as
// they work.
func gone(err error) error {
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	return err
}

// payloads are how many deliveries still have theirs.
func (w *world) payloads() int {
	w.t.Helper()
	n := 0
	for _, d := range w.deliveries(1, url.Values{}) {
		whole, err := w.client().Delivery(w.t.Context(), d.ID)
		if err != nil {
			w.t.Fatal(err)
		}
		if len(whole.Payload) > 0 {
			n++
		}
	}
	return n
}

// TestNothingOfAPageStaysBehindARun looks for what was on the page and on the issue
// in all files of the daemon.
func TestNothingOfAPageStaysBehindARun(t *testing.T) {
	w, page := forgetful(t, `{dsn: "sqlite:./data", retention: {transcripts: 0, deliveries: 0s}}`)
	d := w.start()
	var runs []store.Run
	for range 3 {
		runs = append(runs, w.keepsPage())
		do(t, w.box.Confluence.As("alice").EditPage(page, strings.Replace(preferences, "None.", strings.Repeat(seen+" ", 400), 1), "back"))
	}
	for _, r := range runs {
		w.wiped(r.ID)
	}
	w.await("the payloads to be deleted", func() bool { return w.payloads() == 0 })
	w.await("the files to be free of it", func() bool { return len(w.traces()) == 0 })
	w.tellsThatItIsWiped(t, runs[0].ID)
	if code := d.stop(); code != 0 {
		t.Errorf("exit code %d", code)
	}
	if found := w.traces(); len(found) > 0 {
		t.Errorf("behind the end it is in %v", found)
	}
}

// tellsThatItIsWiped looks at what operators are told of a run.
func (w *world) tellsThatItIsWiped(t *testing.T, id string) {
	t.Helper()
	if told := w.cli(t, "describe", "run", id); !strings.Contains(told, "storage.retention.transcripts") || strings.Contains(told, seen) {
		t.Errorf("describe run says\n%s", told)
	}
	if told := w.refused(t, "replay", id, "--dry-run"); !strings.Contains(told, "storage.retention.transcripts") {
		t.Errorf("replay says\n%s", told)
	}
	if told := w.cli(t, "logs", id); strings.Contains(told, seen) || !strings.Contains(told, "succeeded") {
		t.Errorf("logs says\n%s", told)
	}
	check, err := w.client().VerifyAudit(t.Context())
	if err != nil || check.Fault != "" || check.Rows == 0 {
		t.Errorf("audit %+v, %v", check, err)
	}
	trail, err := w.client().Audit(t.Context(), url.Values{"run": {id}})
	rows := toJSON(t, trail)
	if err != nil || strings.Contains(rows, seen) {
		t.Errorf("the audit log holds it: %v\n%s", err, rows)
	}
	for _, want := range []string{`"reason": "batches take ten minutes"`, `"args_sha256"`, `"target": "page:`, `"space": "DOC"`, `"decided_by": "operator olga"`, `"sha256"`} {
		if !strings.Contains(rows, want) {
			t.Errorf("the audit log does not say %s:\n%s", want, rows)
		}
	}
	if list := w.cli(t, "audit", "list"); !strings.Contains(list, " in DOC") {
		t.Errorf("audit list shows no space:\n%s", list)
	}
}

// TestWhatWasSaidBeforeIsWipedAtTheNextStart kills a daemon that keeps what runs said,
// and starts it as one that does not.
func TestWhatWasSaidBeforeIsWipedAtTheNextStart(t *testing.T) {
	w, _ := forgetful(t, `{dsn: "sqlite:./data"}`)
	d := w.start()
	r := w.keepsPage()
	if told := toJSON(t, w.detail(r.ID)); !strings.Contains(told, seen) {
		t.Errorf("by default nothing is kept:\n%s", told)
	}
	if len(w.traces()) == 0 {
		t.Error("the canary is in no file: this test finds nothing")
	}
	d.kill()
	w.storing(`{dsn: "sqlite:./data", retention: {transcripts: 0, deliveries: 0}}`)
	w.start()
	w.wiped(r.ID)
	w.await("the payloads to be deleted", func() bool { return w.payloads() == 0 })
	// What the audit log was told before stays in it: its rows cannot be changed.
	w.await("the files to be free of it, but for the audit log", func() bool {
		return !slices.ContainsFunc(w.traces(), func(s string) bool { return !strings.HasPrefix(s, "main.db:") })
	})
}

// TestNothingOfAPageStaysInPostgreSQL looks for it in all tables.
func TestNothingOfAPageStaysInPostgreSQL(t *testing.T) {
	dsn := pgtest.Database(t)
	w, _ := forgetful(t, `{dsn_env: AOF_DSN, retention: {transcripts: 0, deliveries: 0}}`)
	w.environ["AOF_DSN"] = dsn
	w.start()
	r := w.keepsPage()
	w.wiped(r.ID)
	w.await("the payloads to be deleted", func() bool { return w.payloads() == 0 })
	w.tellsThatItIsWiped(t, r.ID)
	db := openWith(t, "pgx", dsn)
	tables := column(t, db, "SELECT table_schema || '.' || table_name FROM information_schema.tables WHERE table_type = 'BASE TABLE' AND table_schema NOT IN ('pg_catalog', 'information_schema')")
	for _, table := range tables {
		for _, where := range search(t, db, table, seen) {
			t.Errorf("it is in %s", where)
		}
	}
	if len(tables) < 20 {
		t.Errorf("only %d tables: is this the daemon's database?", len(tables))
	}
}

// refused runs the program as an operator does and returns what it says with its
// failure.
func (w *world) refused(t *testing.T, args ...string) string {
	t.Helper()
	cmd := exec.Command(binary, append(args, "--server", w.adminURL())...)
	cmd.Env = w.env()
	out, err := cmd.CombinedOutput()
	if err == nil {
		t.Errorf("aofctl %v did not fail:\n%s", args, out)
	}
	return string(out)
}

// TestTheLogDoesNotSayWhatAFailedRunHadToSay lets the policy refuse a text, which the
// reason of the failure quotes.
func TestTheLogDoesNotSayWhatAFailedRunHadToSay(t *testing.T) {
	w, _ := forgetful(t, `{dsn: "sqlite:./data", retention: {transcripts: 0, deliveries: 0s}}`)
	w.githubModel(`rules: [{name: all, say: "See https://` + strings.ToLower(seen) + `.example/"}]`)
	d := w.start()
	key := w.create(jira.NewIssue{Project: "PROJ", Type: "Story", Summary: "Batches", Description: "None."})
	runs := w.ended(key, 1)
	if runs[0].State != store.StateFailed {
		t.Errorf("the run is %s", runs[0].State)
	}
	w.await("the log to say that it ended", func() bool { return strings.Contains(d.log.String(), "run ended") })
	if log := d.log.String(); strings.Contains(strings.ToLower(log), strings.ToLower(seen)) || !strings.Contains(log, `"state":"failed"`) {
		t.Errorf("the log says\n%s", log)
	}
}
