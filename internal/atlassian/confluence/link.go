package confluence

import (
	"net/url"
	"regexp"
	"strings"
)

// PageRef is a page as an address names it: by its id, or by space and title.
type PageRef struct {
	ID       string
	SpaceKey string
	Title    string
}

var digits = regexp.MustCompile(`^[0-9]{1,19}$`)

// ReadPageURL reads the address of a page as people copy it from either kind of
// Confluence, or an id alone. Short addresses ("/x/…") do not tell the page and
// are refused, as is everything else.
func ReadPageURL(raw string) (PageRef, bool) {
	raw = strings.TrimSpace(raw)
	if digits.MatchString(raw) {
		return PageRef{ID: raw}, true
	}
	u, err := url.Parse(raw)
	if err != nil || (u.Scheme != "https" && u.Scheme != "http") || u.Host == "" {
		return PageRef{}, false
	}
	for _, name := range []string{"pageId", "draftId"} {
		if id := u.Query().Get(name); digits.MatchString(id) {
			return PageRef{ID: id}, true
		}
	}
	parts := strings.Split(strings.Trim(u.EscapedPath(), "/"), "/")
	for i, part := range parts {
		rest := parts[i+1:]
		switch {
		case part == "spaces" && len(rest) >= 3 && (rest[1] == "pages" || rest[1] == "blog"):
			if id := idAmong(rest[1], rest[2:]); id != "" {
				return PageRef{ID: id, SpaceKey: unescape(rest[0], false)}, true
			}
		case part == "display" && len(rest) == 2:
			ref := PageRef{SpaceKey: unescape(rest[0], true), Title: unescape(rest[1], true)}
			return ref, ref.SpaceKey != "" && ref.Title != ""
		}
	}
	return PageRef{}, false
}

// idAmong is the id in what follows ".../pages/" or ".../blog/": "123/Title",
// "edit-v2/123", or behind the date of a post.
func idAmong(kind string, parts []string) string {
	if kind == "blog" && len(parts) > 3 {
		parts = parts[3:]
	}
	for _, part := range parts[:min(len(parts), 2)] {
		if digits.MatchString(part) {
			return part
		}
	}
	return ""
}

func unescape(s string, plus bool) string {
	if plus {
		s = strings.ReplaceAll(s, "+", "%20")
	}
	out, err := url.PathUnescape(s)
	if err != nil {
		return ""
	}
	return out
}
