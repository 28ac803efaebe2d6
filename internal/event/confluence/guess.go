package confluence

import (
	"github.com/tidwall/gjson"

	"github.com/aofctl/aofctl/internal/event"
)

// Guess reports whether a body looks like one of Confluence's, for those who have
// one in a file and do not say whose it is.
func Guess(body []byte) bool {
	in, err := event.Object(body)
	if err != nil || in.Get("webhookEvent").Exists() {
		return false
	}
	if in.Get("test").Type == gjson.True {
		return true
	}
	for _, path := range []string{"page.id", "blog.id", "content.id", "comment.id", "attachment.id", "attachments.0.id", "label.id", "label.name", "space.id", "space.key", "page_id", "pageId"} {
		if in.Get(path).Exists() && (in.Get("event").Exists() || in.Get("userAccountId").Exists() || in.Get("userKey").Exists() || in.Get("page_id").Exists() || in.Get("pageId").Exists()) {
			return true
		}
	}
	return false
}
