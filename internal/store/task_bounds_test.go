package store

import (
	"errors"
	"strings"
	"testing"

	"github.com/aofctl/aofctl/internal/a2a"
)

func TestWhatIsSaidInOneTaskIsBounded(t *testing.T) {
	onEachStore(t, func(t *testing.T, s *Store) {
		beginTask(t, s, "t1")
		beginTask(t, s, "t2")
		say := func(id, task, text string) a2a.Code {
			_, err := deliverAs(s, ann, "new", within2(says(id, text), "", task))
			return code(err)
		}
		large := strings.Repeat("x", mostSaid/2)
		for i, want := range []a2a.Code{0, a2a.CodeInvalidParams, a2a.CodeInvalidParams} {
			if got := say([]string{"l1", "l2", "l2"}[i], "t1", large); got != want {
				t.Errorf("message %d: %d", i, got)
			}
		}
		if got := say("l1", "t1", large); got != 0 {
			t.Errorf("a message that came twice: %d", got)
		}
		if got := say("s", "t1", "short"); got != 0 {
			t.Errorf("a short one: %d", got)
		}
		must(t, s.writer.do(t.Context(), func(tx tx) error {
			_, err := tx.exec(`UPDATE tasks SET messages = ? WHERE id = 't2'`, mostMessages-1)
			return err
		}))
		if got := say("m1", "t2", "x"); got != 0 {
			t.Errorf("the last: %d", got)
		}
		if got := say("m2", "t2", "x"); got != a2a.CodeInvalidParams {
			t.Errorf("one too many: %d", got)
		}
	})
}

func TestAPageOfTasksEndsWhereItHoldsMuch(t *testing.T) {
	onEachStore(t, func(t *testing.T, s *Store) {
		for _, id := range []string{"t1", "t2", "t3"} {
			_, err := deliverAs(s, ann, id, says("m-"+id, strings.Repeat("x", pageBytes*2/3)))
			must(t, err)
		}
		var found []int
		var after a2a.Cursor
		for range 5 {
			list, next, total, err := s.Tasks(t.Context(), ann, TaskFilter{After: after, Limit: 10}, TaskView{History: a2a.AllHistory})
			must(t, err)
			if total != 3 {
				t.Errorf("there are %d", total)
			}
			found = append(found, len(list))
			if after = next; next.ID == "" {
				break
			}
		}
		if len(found) != 2 || found[0] != 2 || found[1] != 1 {
			t.Errorf("the pages have %v", found)
		}
		list, next, _, err := s.Tasks(t.Context(), ann, TaskFilter{Limit: 10}, TaskView{})
		must(t, err)
		if len(list) != 3 || next.ID != "" {
			t.Errorf("without history the page has %d", len(list))
		}
	})
}

func TestNoTaskBeginsForAnInstallationThatIsDeleted(t *testing.T) {
	onEachStore(t, func(t *testing.T, s *Store) {
		install(t, s, "i-1")
		send := func(id string, jira bool) (refused bool) {
			n := newTask(id, "c-"+id)
			n.Call.Caller.Jira = jira
			_, err := s.Deliver(t.Context(), Incoming{Owner: ann, Message: says("m-"+id, "x"), New: n})
			var refusal *a2a.Refusal
			if refused = errors.As(err, &refusal); refused && refusal.Status != 403 {
				t.Errorf("refused with %d", refusal.Status)
			} else if !refused {
				must(t, err)
			}
			return refused
		}
		if send("t1", true) {
			t.Error("refused before anybody uninstalled it")
		}
		must(t, s.RetireInstallation(t.Context(), "i-1"))
		if !send("t2", true) {
			t.Error("a task began while the installation was being deleted")
		}
		must(t, s.RemoveInstallation(t.Context(), "i-1"))
		if !send("t3", true) {
			t.Error("a task began after the installation was deleted")
		}
		if send("t4", false) {
			t.Error("a caller of that name that is not Jira was refused")
		}
	})
}
