package jira

import (
	"strings"

	"github.com/aofctl/aofctl/internal/event"
)

// actor reads a user object, or a bare name as Automation rules send it.
func actor(r raw) event.Actor {
	if r.isString() {
		return event.Actor{DisplayName: str(r)}
	}
	var a event.Actor
	fields(r, func(name string, value raw) {
		switch name {
		case "accountId":
			a.AccountID = str(value)
		case "name":
			a.Name = str(value)
		case "key":
			a.Key = str(value)
		case "displayName":
			a.DisplayName = str(value)
		case "emailAddress":
			a.Email = str(value)
		case "accountType":
			a.Type = str(value)
		}
	})
	return a
}

// accountID returns what identifies a user: Cloud's account id, or Data Center's
// key or name.
func accountID(a event.Actor) string {
	switch {
	case a.AccountID != "":
		return a.AccountID
	case a.Key != "":
		return a.Key
	default:
		return a.Name
	}
}

// setUser keeps a user as <prefix>_id and <prefix>_name. null, and the empty
// value of an Automation rule, mean that there is nobody, which is something told.
func (n *normalizer) setUser(prefix string, r raw) event.Actor {
	if r == "" {
		return event.Actor{}
	}
	a := actor(r)
	id, name := accountID(a), a.DisplayName
	if name == "" {
		name = a.Name
	}
	if id != "" || a.IsZero() {
		n.ev.Vars[prefix+"_id"] = id
	}
	if name != "" || a.IsZero() {
		n.ev.Vars[prefix+"_name"] = name
	}
	return a
}

// settleActor decides who caused the event and fills the user variables. The
// author of a comment comes before the payload's user for the actor, since the
// question there is who wrote the words.
func (n *normalizer) settleActor() {
	kind := n.kind()
	fallbacks := []event.Actor{n.user, n.comment.updater, n.comment.author, n.worklog.updater, n.worklog.author, n.uploader}
	user := first(fallbacks...)
	who := user
	switch {
	case kind == "comment_created":
		who = first(n.comment.author, user)
	case kind == "comment_updated":
		who = first(n.comment.updater, user)
	case strings.HasPrefix(kind, "user_"):
		// The user of these events is whom they are about, not who did it.
		who = event.Actor{}
	}
	n.ev.Actor = who
	n.setUserVars(user)
}

// setUserVars fills the variables of the user behind the event.
func (n *normalizer) setUserVars(user event.Actor) {
	if user.IsZero() {
		return
	}
	vars := n.ev.Vars
	setIf(vars, "user_account_id", accountID(user))
	setIf(vars, "user_display_name", user.DisplayName)
	setIf(vars, "user_email", user.Email)
	setIf(vars, "user_name", user.Name)
	setIf(vars, "user_key", user.Key)
}

// first returns the first user of whom something is known.
func first(users ...event.Actor) event.Actor {
	for _, u := range users {
		if !u.IsZero() {
			return u
		}
	}
	return event.Actor{}
}
