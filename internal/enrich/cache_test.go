package enrich

import (
	"fmt"
	"testing"
	"testing/synctest"
	"time"
)

func TestNothingStaysInTheCacheThatIsOver(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newCache(time.Now)
		for i := range 10 {
			c.put(object{kindIssue, fmt.Sprint(i), "at 1"}, map[string]any{"issue_summary": "secret"})
		}
		c.put(object{kindProject, "PROJ", ""}, map[string]any{"project_name": "Shop"})
		time.Sleep(stateFor / 2)
		if len(c.entries) != 11 || c.order.Len() != 11 {
			t.Errorf("%d entries at once", len(c.entries))
		}
		time.Sleep(2 * stateFor)
		synctest.Wait()
		if _, kept := c.entries[object{kindProject, "PROJ", ""}]; len(c.entries) != 1 || c.order.Len() != 1 || !kept {
			t.Errorf("%d entries are left that nobody asked for", len(c.entries))
		}
		time.Sleep(2 * seldomFor)
		synctest.Wait()
		if len(c.entries) != 0 || c.order.Len() != 0 || c.sweeping {
			t.Errorf("%d entries are left at the end", len(c.entries))
		}
		c.put(object{kindIssue, "x", "at 2"}, map[string]any{})
		time.Sleep(3 * stateFor)
		synctest.Wait()
		if len(c.entries) != 0 {
			t.Error("what came later stays")
		}
	})
}
