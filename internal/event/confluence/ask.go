package confluence

import (
	"strings"

	"github.com/aofctl/aofctl/internal/event"
)

// Thing is something that Confluence can be asked about.
type Thing string

// The things.
const (
	Page      Thing = "page"
	Body      Thing = "body of page"
	Labels    Thing = "labels of page"
	Ancestors Thing = "pages above page"
	Space     Thing = "space"
	Comment   Thing = "comment"
	File      Thing = "file"
	User      Thing = "user"
)

// Teller returns what tells a variable that an event of Confluence's lacks; "" if
// nothing does. What was removed for good cannot be read any more.
func Teller(ev *event.Event, name string) Thing {
	family, _, _ := strings.Cut(name, "_")
	switch family {
	case "page", "space":
		return ofPage(ev, name)
	case "comment":
		if ev.CommentID != "" && ev.Type != "comment_removed" {
			return Comment
		}
	case "attachment":
		if ev.String("attachment_id") != "" && ev.Type != "attachment_removed" && ev.Type != "attachment_trashed" {
			return File
		}
	case "user":
		if ev.Actor.Key != "" || ev.Actor.AccountID != "" {
			return User
		}
	}
	return ""
}

// readable reports whether the event's page is known and can be read.
func readable(ev *event.Event) bool {
	return ev.String("page_id") != "" && ev.Type != "page_removed" && ev.Type != "blog_removed"
}

func ofPage(ev *event.Event, name string) Thing {
	switch {
	case name == "space_name" && ev.String("space_key") != "" && ev.Type != "space_removed":
		return Space
	case !readable(ev):
		return ""
	}
	switch name {
	case "space_name":
		return Space
	case "page_body":
		return Body
	case "page_labels":
		return Labels
	case "page_ancestors":
		return Ancestors
	}
	return Page
}
