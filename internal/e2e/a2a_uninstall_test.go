package e2e

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io/fs"
	"net/http"
	"path/filepath"
	"strings"
	"testing"

	"github.com/aofctl/aofctl/internal/a2a"
	"github.com/aofctl/aofctl/internal/a2a/client"
	"github.com/aofctl/aofctl/internal/sandbox/rovo"
)

// rememberer is an agent that remembers what it is told.
const rememberer = `apiVersion: aof.dev/v1
kind: Agent
metadata: {name: rememberer}
spec:
  model: google:gemini-2.5-flash
  instructions: You remember things.
  memory: Store
`

// databases are all that the daemons have: one, or one for each file.
func (s *site) databases() []*sql.DB {
	s.t.Helper()
	if dsn := s.environ["AOF_DSN"]; dsn != "" {
		return []*sql.DB{openWith(s.t, "pgx", dsn)}
	}
	var list []*sql.DB
	err := filepath.WalkDir(filepath.Join(s.dir, "data"), func(path string, _ fs.DirEntry, err error) error {
		if err == nil && strings.HasSuffix(path, ".db") {
			list = append(list, openWith(s.t, "sqlite", path+"?_pragma=busy_timeout(60000)"))
		}
		return err
	})
	if err != nil || len(list) == 0 {
		s.t.Fatalf("find databases: %d, %v", len(list), err)
	}
	return list
}

// found are the tables and columns in which a text is, anywhere in the databases.
func (s *site) found(text string) []string {
	s.t.Helper()
	var list []string
	for _, db := range s.databases() {
		tables := "SELECT name FROM sqlite_master WHERE type = 'table'"
		if s.environ["AOF_DSN"] != "" {
			tables = "SELECT table_schema || '.' || table_name FROM information_schema.tables WHERE table_type = 'BASE TABLE' AND table_schema NOT IN ('pg_catalog', 'information_schema')"
		}
		for _, table := range column(s.t, db, tables) {
			list = append(list, search(s.t, db, table, text)...)
		}
	}
	return list
}

func column(t *testing.T, db *sql.DB, query string) []string {
	t.Helper()
	rows, err := db.Query(query)
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	var list []string
	for rows.Next() {
		var one string
		if err := rows.Scan(&one); err != nil {
			t.Fatal(err)
		}
		list = append(list, one)
	}
	return list
}

// search looks through all rows of a table.
func search(t *testing.T, db *sql.DB, table, text string) []string {
	t.Helper()
	rows, err := db.Query("SELECT * FROM " + table)
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	names, err := rows.Columns()
	if err != nil {
		t.Fatal(err)
	}
	var list []string
	values, into := make([]any, len(names)), make([]any, len(names))
	for i := range values {
		into[i] = &values[i]
	}
	for rows.Next() {
		if err := rows.Scan(into...); err != nil {
			t.Fatal(err)
		}
		for i, v := range values {
			if strings.Contains(fmt.Sprintf("%s", v), text) {
				list = append(list, table+"."+names[i])
			}
		}
	}
	return list
}

// leaver is a tenant with work of all kinds, in which a word is that is nowhere else.
type leaver struct {
	tenant *rovo.Tenant
	canary string
	talks  []*rovo.Conversation
}

// busy has Alice of a tenant begin work that ends, waits, goes on and is remembered.
func (s *site) busy(ctx context.Context, name string) *leaver {
	s.t.Helper()
	l := &leaver{tenant: s.box.Rovo.Tenant(name), canary: "canary" + name}
	alice := l.tenant.User("alice")
	begin := func(a rovo.Agent, text string) *rovo.Conversation {
		talk, err := alice.Mention(ctx, a, "PROJ-1", text)
		if err != nil {
			s.t.Fatal(err)
		}
		l.talks = append(l.talks, talk)
		return talk
	}
	s.settled(ctx, begin(rovo.Agent{}, "write "+l.canary), a2a.Completed, "Done.")
	s.settled(ctx, begin(rovo.Agent{Name: "rememberer"}, "remember "+l.canary), a2a.Completed, "Done.")
	s.settled(ctx, begin(rovo.Agent{Streaming: true}, "ask me first of "+l.canary), a2a.InputRequired, "Which one do you mean?")
	g := s.models.hold("hold-leave-"+name, 1)
	begin(rovo.Agent{Streaming: true}, "write "+l.canary+" hold-leave-"+name)
	s.held(g, 1)
	return l
}

// TestUninstallingDeletesAllOfTheTenant looks into the databases for what a tenant
// said, whose app goes away while tasks are at work and streams are open.
func TestUninstallingDeletesAllOfTheTenant(t *testing.T) {
	for _, kind := range kinds {
		t.Run(kind, func(t *testing.T) {
			t.Parallel()
			s := newSite(t, kind, rovo.Options{}, "")
			for _, place := range s.places {
				place.write("agents/rememberer.yaml", rememberer)
			}
			rules := strings.Replace(docile, "rules:\n", `rules:
  - {when: {user_matches: 'remember \w+', not_called: memory_set}, call: [{tool: memory_set, args: {key: fact, value: 'It is ${fact}.'}}]}
`, 1)
			s.script(strings.Replace(rules, "let:\n", "let:\n  fact: {in: user, match: 'remember (\\w+)', else: nothing}\n", 1))
			s.startAll()
			ctx := bounded(t)
			s.setup(ctx)
			goes, stays := s.busy(ctx, "sandbox"), s.busy(ctx, "beta")
			for _, l := range []*leaver{goes, stays} {
				if where := s.found(l.canary); len(where) < 5 {
					t.Fatalf("%s is only in %v", l.canary, where)
				}
			}
			installation := goes.tenant.Installation()
			if d, err := goes.tenant.Uninstall(ctx); err != nil {
				t.Fatalf("%+v: %v", d, err)
			}
			if where := s.found(goes.canary); len(where) > 0 {
				t.Errorf("%s is in %v", goes.canary, where)
			}
			for _, where := range s.found(installation) {
				t.Logf("the installation's id is in %s", where)
			}
			if n := len(column(t, s.database(), "SELECT account FROM installation_user_tokens WHERE installation = '"+installation+"'")); n > 0 {
				t.Errorf("%d tokens are left", n)
			}
			goes.isGone(ctx, t)
			stays.goesOn(ctx, t, s)
		})
	}
}

// isGone has everything of a tenant be refused, and unknown once it is back.
func (l *leaver) isGone(ctx context.Context, t *testing.T) {
	t.Helper()
	var refused *client.HTTPError
	for _, talk := range l.talks {
		if task, err := talk.Poll(ctx); !errors.As(err, &refused) || refused.Status != http.StatusForbidden {
			t.Errorf("a task of a tenant that is gone: %+v, %v", task, err)
		}
	}
	if err := l.tenant.Setup(ctx); err != nil {
		t.Fatal(err)
	}
	for _, talk := range l.talks {
		if task, err := talk.Poll(ctx); codeOf(err) != a2a.CodeTaskNotFound {
			t.Errorf("a task of the tenant before: %+v, %v", task, err)
		}
		if task, err := talk.Say(ctx, "Go on."); codeOf(err) != a2a.CodeTaskNotFound {
			t.Errorf("a context of the tenant before: %+v, %v", task, err)
		}
	}
}

// goesOn has the tasks of a tenant come to their ends.
func (l *leaver) goesOn(ctx context.Context, t *testing.T, s *site) {
	t.Helper()
	s.models.releaseAll()
	asked, held := l.talks[2], l.talks[3]
	s.say(ctx, asked, "the old one")
	s.settled(ctx, asked, a2a.Completed, "You mean the old one.")
	s.settled(ctx, held, a2a.Completed, "Done.")
	if where := s.found(l.canary); len(where) < 5 {
		t.Errorf("%s is only in %v", l.canary, where)
	}
}
