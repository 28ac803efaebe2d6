package confluence

import (
	"encoding/base64"
	"encoding/binary"
	"math"
	"net/url"
	"regexp"
	"strconv"
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
// Confluence or find it in answers of its API, or an id alone.
func ReadPageURL(raw string) (PageRef, bool) {
	raw = strings.TrimSpace(raw)
	if digits.MatchString(raw) {
		return PageRef{ID: raw}, true
	}
	u, err := url.Parse(raw)
	if err != nil || (u.Scheme != "https" && u.Scheme != "http") || u.Host == "" {
		return PageRef{}, false
	}
	for _, name := range []string{"pageId", "draftId", "homepageId"} {
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
		case part == "display" && (len(rest) == 2 || len(rest) == 5 && digits.MatchString(rest[1])):
			ref := PageRef{SpaceKey: unescape(rest[0], true), Title: unescape(rest[len(rest)-1], true)}
			return ref, ref.SpaceKey != "" && ref.Title != ""
		case part == "x" && len(rest) == 1:
			id := shortID(rest[0])
			return PageRef{ID: id}, id != ""
		case i > 0 && (part == "content" && parts[i-1] == "api" || part == "pages" && parts[i-1] == "v2") && len(rest) > 0 && digits.MatchString(rest[0]):
			return PageRef{ID: rest[0]}, true
		}
	}
	return PageRef{}, false
}

// shortID is the id that a short address, "/x/…", tells: the bytes of the number,
// the lowest first, in base 64 without what is zero at its end, as Atlassian's
// knowledge base tells of tiny links.
func shortID(code string) string {
	const length = 11 // of eight bytes
	code = strings.NewReplacer("-", "/", "_", "+").Replace(code)
	if code == "" || len(code) > length {
		return ""
	}
	raw, err := base64.RawStdEncoding.DecodeString(code + strings.Repeat("A", length-len(code)))
	if err != nil || len(raw) != 8 {
		return ""
	}
	id := binary.LittleEndian.Uint64(raw)
	if id == 0 || id > math.MaxInt64 {
		return ""
	}
	return strconv.FormatUint(id, 10)
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
