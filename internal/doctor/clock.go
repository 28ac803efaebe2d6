package doctor

import (
	"fmt"
	"time"

	"github.com/aofctl/aofctl/internal/atlassian/jira"
)

// Clocks that are apart by more than tolerable confuse logs; by more than
// harmful, signatures and tokens that carry a time.
const (
	tolerable = 30 * time.Second
	harmful   = 5 * time.Minute
)

// clock compares Jira's clock, which has whole seconds, with ours.
func clock(c jira.Contact) []Result {
	if c.Date.IsZero() {
		return []Result{skip("clock", "the answer has no date")}
	}
	ours := c.Sent.Add(c.Received.Sub(c.Sent) / 2)
	apart := c.Date.Add(500 * time.Millisecond).Sub(ours).Round(time.Second)
	where := "ahead of"
	if apart > 0 {
		where = "behind"
	}
	detail := fmt.Sprintf("our clock is %s %s Jira's", apart.Abs(), where)
	switch {
	case apart.Abs() > harmful:
		return []Result{fail("clock", detail, "let the machine's clock follow a time server (NTP)")}
	case apart.Abs() > tolerable:
		return []Result{warn("clock", detail, "let the machine's clock follow a time server (NTP)")}
	}
	return []Result{good("clock", "within "+max(apart.Abs(), 2*time.Second).String()+" of Jira's")}
}
