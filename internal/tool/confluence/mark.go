package confluence

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"strings"
	"time"

	"github.com/aofctl/aofctl/internal/atlassian/confluence"
	"github.com/aofctl/aofctl/internal/markup"
)

// clockSkew is how far Confluence's clock may be behind ours.
const clockSkew = 5 * time.Minute

// mark names one call: what is written carries it, so that it is found again. It is
// short, since people see it in the history of a page, and tells nothing.
func mark(id string) string {
	sum := sha256.Sum256([]byte(id))
	return "aofctl:" + hex.EncodeToString(sum[:6])
}

// maxReason bounds what is told of a reason, in characters; Confluence takes 255 for
// all of a version's message.
const maxReason = 180

// message is what is told with a version of a page: why it was made, by which agent,
// and the mark of the call.
func (j job) message(reason string) string {
	reason = line(reason)
	if runes := []rune(reason); len(runes) > maxReason {
		reason = string(runes[:maxReason-1]) + "…"
	}
	by := mark(j.call.ID)
	if agent := line(j.call.Origin.Agent); agent != "" && len(agent) <= 40 {
		by = agent + ", " + by
	}
	return strings.TrimSpace(reason + " (" + by + ")")
}

// letters is a text without form and white space: what Confluence's editors keep of
// it whatever they make of the markup.
func letters(body string) string {
	md, _ := markup.StorageToMarkdown(body)
	return strings.Map(func(r rune) rune {
		if strings.ContainsRune(" \t\r\n*_#>|-`~\\[]()", r) {
			return -1
		}
		return r
	}, md)
}

// maxLooked bounds how many parts of a list are read to find something again.
const maxLooked = 8

// versionOf finds the version of a page that has the mark of this call.
func (j job) versionOf(ctx context.Context, page string, since time.Time) (confluence.Version, bool, error) {
	sign := mark(j.call.ID)
	part := confluence.Part{Limit: 50}
	for range maxLooked {
		list, err := j.api.Versions(ctx, page, part)
		if err != nil {
			return confluence.Version{}, false, err
		}
		for _, v := range list.Items {
			if strings.Contains(v.Message, sign) {
				return v, true, nil
			}
			if !v.When.IsZero() && v.When.Before(since.Add(-clockSkew)) {
				return confluence.Version{}, false, nil
			}
		}
		if list.Next == "" {
			return confluence.Version{}, false, nil
		}
		part.From = list.Next
	}
	return confluence.Version{}, false, nil
}
