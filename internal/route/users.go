package route

import (
	"cmp"
	"slices"
	"strings"

	"github.com/aofctl/aofctl/internal/event"
)

// foldUser returns a user's spelling in the form in which spellings are compared.
func foldUser(s string) string {
	return strings.ToLower(strings.TrimPrefix(strings.TrimSpace(s), "@"))
}

// spellings are the ways in which a manifest may name the person behind an event.
type spellings [5]string

// spelledMail is where the e-mail address stands among the spellings.
const spelledMail = 3

// spelledName is where the display name stands.
const spelledName = 4

// spellingsOf returns an actor's spellings. An e-mail address may have been asked for
// after the event came; it is only taken if it is the actor's.
func spellingsOf(ev *event.Event) spellings {
	a := ev.Actor
	mail := a.Email
	if mail == "" && sameUser(a, ev.String("user_account_id")) {
		mail = ev.String("user_email")
	}
	if ofPages(ev) { // of people its webhooks tell the key alone
		a.Name, a.DisplayName = cmp.Or(a.Name, ev.String("user_name")), cmp.Or(a.DisplayName, ev.String("user_display_name"))
	}
	s := spellings{a.AccountID, a.Name, a.Key, mail, a.DisplayName}
	for i := range s {
		s[i] = strings.ToLower(s[i])
	}
	return s
}

func sameUser(a event.Actor, id string) bool {
	return id != "" && (id == a.AccountID || id == a.Key || id == a.Name)
}

// in reports whether any of the spellings is in the set.
func (s *spellings) in(set map[string]struct{}) bool {
	for _, spelling := range s {
		if _, ok := set[spelling]; ok && spelling != "" {
			return true
		}
	}
	return false
}

// inList is in for a list that nobody has prepared.
func (s *spellings) inList(list []string) bool {
	return slices.ContainsFunc(list, func(user string) bool {
		user = strings.TrimPrefix(strings.TrimSpace(user), "@")
		return user != "" && slices.ContainsFunc(s[:], func(spelling string) bool {
			return spelling != "" && strings.EqualFold(spelling, user)
		})
	})
}

// describeActor names an actor in messages.
func describeActor(a event.Actor) string {
	for _, s := range []string{a.Name, a.DisplayName, a.AccountID, a.Key, a.Email} {
		if s != "" {
			return s
		}
	}
	return "the event does not tell its user"
}

// isSelf reports whether our own account caused the event, be it as the author
// of a comment or as the user that the payload names.
func isSelf(ev *event.Event, self Identity) bool {
	a := ev.Actor
	return hasFold(self.AccountIDs, a.AccountID) || hasFold(self.Names, a.Name) || hasFold(self.Keys, a.Key) ||
		hasFold(self.AccountIDs, ev.String("user_account_id")) ||
		hasFold(self.Names, ev.String("user_name")) || hasFold(self.Keys, ev.String("user_key"))
}

// Automated reports whether an automation may have caused the event: an app did,
// or nobody tells who, as with links, sprints and versions. The caller then counts
// it as an answer to what we did last to the subject, and says so in Input.Depth.
func Automated(ev *event.Event) bool { return ev.Actor.Type == "app" || ev.Actor.IsZero() }

// hasFold reports whether the list has s, which must not be empty.
func hasFold(list []string, s string) bool {
	return s != "" && slices.ContainsFunc(list, func(item string) bool { return strings.EqualFold(item, s) })
}
