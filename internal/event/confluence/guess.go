package confluence

import (
	"slices"
	"strings"

	"github.com/tidwall/gjson"

	"github.com/aofctl/aofctl/internal/event"
)

// OfConfluence reports whether a body is one of Confluence's, for those who have one in
// a file: by the name of its event, if that is given, and else by what it looks like.
func OfConfluence(name string, body []byte) bool {
	if name == "page_build" { // of GitHub
		return false
	}
	if name != "" {
		family, _, _ := strings.Cut(name, "_")
		return slices.Contains([]string{"page", "blog", "comment", "attachment", "content", "space", "blueprint", "theme"}, family) ||
			name == "label_added" || name == "label_removed"
	}
	return guess(body)
}

func guess(body []byte) bool {
	in, err := event.Object(body)
	if err != nil || in.Get("webhookEvent").Exists() {
		return false
	}
	if in.Get("test").Type == gjson.True {
		return true
	}
	has := func(paths ...string) bool {
		return slices.ContainsFunc(paths, func(path string) bool { return in.Get(path).Exists() })
	}
	if has("page_id", "pageId") {
		return true
	}
	named := has("userKey", "userAccountId") || in.Get("event").Type == gjson.String
	return named && has("page.id", "blog.id", "content.id", "comment.id", "attachment.id", "attachments.0.id", "labeled.id", "space.id", "space.key")
}
