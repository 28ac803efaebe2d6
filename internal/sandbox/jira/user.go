package jira

import (
	"net/url"
	"strings"
)

// The kinds of account that Jira Cloud knows.
const (
	AccountPerson   = "atlassian"
	AccountApp      = "app"
	AccountCustomer = "customer"
)

// User is an account of the site.
type User struct {
	// Handle is a short name by which As finds the user; Jira does not know it.
	Handle string
	// AccountID identifies the user in Jira.
	AccountID   string
	DisplayName string
	// Email and Token are the user's credentials for Basic authentication.
	Email string
	Token string
	// AccountType is one of the Account constants; AccountPerson if empty.
	AccountType string
	// TimeZone is an IANA name; "Etc/UTC" if empty.
	TimeZone string
	// Inactive marks a deactivated account: it cannot log in or be assigned.
	Inactive bool
}

// completed fills in what may be left out.
func (u User) completed() User {
	if u.AccountType == "" {
		u.AccountType = AccountPerson
	}
	if u.TimeZone == "" {
		u.TimeZone = "Etc/UTC"
	}
	if u.Handle == "" {
		u.Handle, _, _ = strings.Cut(strings.ToLower(u.DisplayName), " ")
	}
	return u
}

// render is the user as REST answers (withEmail) and webhooks (without) have it.
func (u *User) render(base string, withEmail bool) any {
	if u == nil {
		return nil
	}
	out := obj{
		"self":        base + "/rest/api/2/user?accountId=" + url.QueryEscape(u.AccountID),
		"accountId":   u.AccountID,
		"avatarUrls":  avatars(base + "/avatar/" + url.PathEscape(u.AccountID) + "?size="),
		"displayName": u.DisplayName,
		"active":      !u.Inactive,
		"timeZone":    u.TimeZone,
		"accountType": u.AccountType,
	}
	if withEmail {
		out["emailAddress"] = u.Email
	}
	return out
}

func avatars(prefix string) obj {
	return obj{"48x48": prefix + "48", "24x24": prefix + "24", "16x16": prefix + "16", "32x32": prefix + "32"}
}

// is tells whether a handle, account id, e-mail or display name means the user.
func (u *User) is(who string) bool {
	return u.AccountID == who || strings.EqualFold(u.Email, who) ||
		strings.EqualFold(u.Handle, who) || strings.EqualFold(u.DisplayName, who)
}

// matches is the prefix search of Jira's user search.
func (u *User) matches(query string) bool {
	query = strings.ToLower(strings.TrimSpace(query))
	for _, text := range append(strings.Fields(u.DisplayName), u.DisplayName, u.Email) {
		if strings.HasPrefix(strings.ToLower(text), query) {
			return true
		}
	}
	return false
}
