package jira

import (
	"net/url"
	"strconv"
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
	// AccountID identifies the user in Jira Cloud, and in the Go API of a site of
	// either kind.
	AccountID string
	// Name and Key identify the user in Jira Data Center, where the name is also
	// what one logs in with; the handle and "JIRAUSER" with a number if empty.
	Name        string
	Key         string
	DisplayName string
	// Email and Token are the user's credentials for Basic authentication on
	// Cloud. On Data Center the token is both the password that goes with the
	// name and a personal access token.
	Email string
	Token string
	// AccountType is one of the Account constants; AccountPerson if empty.
	AccountType string
	// TimeZone is an IANA name; "Etc/UTC" if empty.
	TimeZone string
	// Inactive marks a deactivated account: it cannot log in or be assigned.
	Inactive bool

	dc bool
}

// completed fills in what may be left out; number tells users apart.
func (u User) completed(dc bool, number int) User {
	u.dc = dc
	if u.AccountType == "" {
		u.AccountType = AccountPerson
	}
	if u.TimeZone == "" {
		u.TimeZone = "Etc/UTC"
	}
	if u.Handle == "" {
		u.Handle, _, _ = strings.Cut(strings.ToLower(u.DisplayName), " ")
	}
	if u.Name == "" {
		u.Name = u.Handle
	}
	if u.Key == "" {
		u.Key = "JIRAUSER" + strconv.Itoa(10100+number)
	}
	return u
}

// Login is the name for Basic authentication: the e-mail address on Cloud, the
// user name on Data Center.
func (u *User) Login() string {
	if u.dc {
		return u.Name
	}
	return u.Email
}

// id is what changelogs have for the user.
func (u *User) id() string {
	if u.dc {
		return u.Key
	}
	return u.AccountID
}

// render is the user as REST answers (withEmail) and webhooks (without) have it.
func (u *User) render(base string, withEmail bool) any {
	if u == nil {
		return nil
	}
	if u.dc {
		return u.renderDC(base)
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

// renderDC is the user as Data Center has it, the same in REST and webhooks.
func (u *User) renderDC(base string) obj {
	return obj{
		"self": base + "/rest/api/2/user?username=" + url.QueryEscape(u.Name), "name": u.Name, "key": u.Key,
		"emailAddress": u.Email, "avatarUrls": avatars(base + "/secure/useravatar?ownerId=" + url.QueryEscape(u.Key) + "&s="),
		"displayName": u.DisplayName, "active": !u.Inactive, "timeZone": u.TimeZone,
	}
}

func avatars(prefix string) obj {
	return obj{"48x48": prefix + "48", "24x24": prefix + "24", "16x16": prefix + "16", "32x32": prefix + "32"}
}

// is tells whether a handle, account id, e-mail or display name means the user.
func (u *User) is(who string) bool {
	return u.AccountID == who || strings.EqualFold(u.Email, who) || strings.EqualFold(u.Handle, who) ||
		strings.EqualFold(u.DisplayName, who) || strings.EqualFold(u.Name, who) || u.Key == who
}

// matches is the prefix search of Jira's user search.
func (u *User) matches(query string) bool {
	query = strings.ToLower(strings.TrimSpace(query))
	texts := append(strings.Fields(u.DisplayName), u.DisplayName, u.Email)
	if u.dc {
		if query == "." {
			return true
		}
		texts = append(texts, u.Name)
	}
	for _, text := range texts {
		if strings.HasPrefix(strings.ToLower(text), query) {
			return true
		}
	}
	return false
}
