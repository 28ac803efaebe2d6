package enrich

import (
	"fmt"
	"testing"
	"testing/synctest"
	"time"
)

// inside tells how much a cache has, and whether it waits for that to be over.
func inside(c *cache) (entries, listed int, sweeping bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	return len(c.entries), c.order.Len(), c.sweeping
}

// left are how many entries there are, and whether there is one of that.
func left(c *cache, o object) (n int, has bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	_, has = c.entries[o]
	return len(c.entries) + c.order.Len(), has
}

func TestNothingStaysInTheCacheThatIsOver(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newCache(time.Now)
		for i := range 10 {
			c.put(object{kindIssue, fmt.Sprint(i), "at 1"}, map[string]any{"issue_summary": "secret"})
		}
		project := object{kindProject, "PROJ", ""}
		c.put(project, map[string]any{"project_name": "Shop"})
		time.Sleep(stateFor / 2)
		if n, listed, _ := inside(c); n != 11 || listed != 11 {
			t.Errorf("%d entries at once", n)
		}
		time.Sleep(2 * stateFor)
		synctest.Wait()
		if n, listed, _ := inside(c); n != 1 || listed != 1 {
			t.Errorf("%d entries are left that nobody asked for", n)
		}
		if _, kept := c.get(object{kindProject, "PROJ", ""}); !kept {
			t.Error("what is good for longer is gone")
		}
		time.Sleep(2 * seldomFor)
		synctest.Wait()
		if n, listed, sweeping := inside(c); n != 0 || listed != 0 || sweeping {
			t.Errorf("%d entries are left at the end", n)
		}
		c.put(object{kindIssue, "x", "at 2"}, map[string]any{})
		time.Sleep(3 * stateFor)
		synctest.Wait()
		if n, _, _ := inside(c); n != 0 {
			t.Error("what came later stays")
		}
	})
}
