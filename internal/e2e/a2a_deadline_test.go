package e2e

import (
	"context"
	"database/sql"
	"fmt"
	"path/filepath"
	"strings"
	"testing"
	"time"

	_ "github.com/jackc/pgx/v5/stdlib" // to look into the daemons' databases
	_ "modernc.org/sqlite"

	"github.com/aofctl/aofctl/internal/a2a"
	"github.com/aofctl/aofctl/internal/a2a/client"
	"github.com/aofctl/aofctl/internal/sandbox/rovo"
	"github.com/aofctl/aofctl/internal/store"
)

// database opens the daemons' main database beside them.
func (s *site) database() *sql.DB {
	s.t.Helper()
	driver, dsn := "pgx", s.environ["AOF_DSN"]
	if dsn == "" {
		files, err := filepath.Glob(filepath.Join(s.dir, "data", "*.db"))
		if err != nil || len(files) == 0 {
			s.t.Fatalf("there is no database: %v, %v", files, err)
		}
		for _, file := range files {
			if db := openWith(s.t, "sqlite", file+"?_pragma=busy_timeout(60000)"); has(db, "tasks") {
				return db
			}
		}
		s.t.Fatalf("none of %v has tasks", files)
	}
	return openWith(s.t, driver, dsn)
}

func openWith(t *testing.T, driver, dsn string) *sql.DB {
	t.Helper()
	db, err := sql.Open(driver, dsn)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = db.Close() })
	return db
}

func has(db *sql.DB, table string) bool {
	rows, err := db.Query("SELECT 1 FROM " + table + " LIMIT 1")
	if err != nil {
		return false
	}
	return rows.Close() == nil
}

// TestTasksEndWhenTheirTimeIsUp looks at how long tasks may last, and puts the end of
// some into the past.
func TestTasksEndWhenTheirTimeIsUp(t *testing.T) {
	onBoth(t, rovo.Options{}, "", func(t *testing.T, s *site) {
		ctx := bounded(t)
		s.setup(ctx)
		db := s.database()
		for name, tt := range map[string]struct {
			lasts time.Duration
			begin func(word string) *rovo.Conversation
		}{
			"work item": {time.Hour, func(word string) *rovo.Conversation {
				return s.mention(ctx, rovo.Agent{Streaming: true}, s.issue(), word)
			}},
			"chat": {30 * time.Minute, func(word string) *rovo.Conversation {
				talk := s.alice().Resume(rovo.Agent{Dialect: client.JiraEAP}, s.issue(), "", "")
				s.say(ctx, talk, word)
				return talk
			}},
		} {
			s.scene(t, name, func(t *testing.T, s *site) {
				word := "hold-late-" + strings.ReplaceAll(name, " ", "-")
				g := s.models.hold(word, 0)
				talk := tt.begin(word)
				s.held(g, 1)
				s.expires(ctx, db, talk, tt.lasts)
				s.await("the request to the model to be given up", func() bool { return g.left.Load() == 1 })
				r := s.runOf(talk.Task())
				s.await("its run to end", func() bool { return s.run(r.ID).State == store.StateCanceled })
				g.release()
				if after, err := talk.Retry(ctx); err != nil || len(talk.Tasks()) != 2 {
					t.Errorf("a retry gives %+v, %v", after, err)
				}
				s.settled(ctx, talk, a2a.Completed, "Done.")
			})
		}
		s.scene(t, "while it waits for its user", func(t *testing.T, s *site) {
			talk := s.mention(ctx, rovo.Agent{}, s.issue(), "ask me first")
			s.settled(ctx, talk, a2a.InputRequired, "Which one do you mean?")
			s.expires(ctx, db, talk, time.Hour)
		})
		s.judged()
	})
}

// expires has the time of a conversation's task be up, which says so to its user.
func (s *site) expires(ctx context.Context, db *sql.DB, talk *rovo.Conversation, lasts time.Duration) {
	s.t.Helper()
	id := talk.Task().ID
	var created, deadline int64
	if err := db.QueryRow("SELECT created_at, deadline FROM tasks WHERE id = '"+id+"'").Scan(&created, &deadline); err != nil {
		s.t.Fatal(err)
	}
	if got := time.Duration(deadline-created) * time.Millisecond; got > lasts || got < lasts-time.Minute {
		s.t.Errorf("it may last %s, want %s", got, lasts)
	}
	if _, err := db.Exec(fmt.Sprintf("UPDATE tasks SET deadline = 1 WHERE id = '%s'", id)); err != nil {
		s.t.Fatal(err)
	}
	task, err := talk.Until(ctx, over)
	if err != nil || task.ID != id || task.State != a2a.Failed || !strings.Contains(task.Text, "longer than it may") {
		s.t.Errorf("the task became %+v, %v", task, err)
	}
}
