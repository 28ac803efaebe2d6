package manifest

import (
	"regexp"
	"strings"
)

// accountID is what Cloud's account ids look like: 24 hexadecimal digits for old
// ones, a number and a UUID for new ones, "qm:" and more for service desk
// customers (https://developer.atlassian.com/cloud/jira/platform/rest/v2/intro/).
var accountID = regexp.MustCompile(`^([0-9a-zA-Z]{20,128}|[0-9a-z]{1,20}:[0-9A-Za-z:._-]{8,128})$`)

// allowedUsers warns of lists that do not keep out whom they seem to.
func (b *builder) allowedUsers(config triggerConfig) {
	if config.AllowedUsers != nil && len(config.AllowedUsers) == 0 {
		b.warnf(config.pos, "allowed_users is empty: everybody may use this trigger")
	}
	if b.known.Cloud {
		b.cloudUsers(config.AllowedUsers)
	}
}

// cloudUsers warns of spellings that Jira Cloud cannot vouch for.
func (d *decoder) cloudUsers(users []str) {
	for _, user := range users {
		name := strings.TrimPrefix(strings.TrimSpace(user.value), "@")
		switch {
		case name == "" || accountID.MatchString(name):
		case strings.Contains(name, "@"):
			d.warnf(user.pos, "Jira Cloud tells the e-mail address of %q only if that person shows it to everybody: an account id always works", shorten(name))
		default:
			d.warnf(user.pos, "on Jira Cloud %q can only be a display name, which everybody may choose for themselves: name the account id instead", shorten(name))
		}
	}
}

// approvers warns of people whose decisions would not count.
func (d *decoder) approvers(list []str, cloud bool) {
	for _, who := range list {
		d.approver(who.value, who.pos, cloud)
	}
}

// approver warns of what cannot be an account id, user name, user key or e-mail
// address, as a display name has spaces; Jira Cloud has neither user names nor keys.
func (d *decoder) approver(who string, at pos, cloud bool) {
	name := strings.TrimPrefix(strings.TrimSpace(who), "@")
	switch {
	case name == "" || strings.Contains(name, "@"):
	case strings.ContainsAny(name, " \t"):
		d.warnf(at, "%q decides nothing: a display name, which everybody chooses for themselves, is no approver; name the account id", shorten(name))
	case cloud && !accountID.MatchString(name):
		d.warnf(at, "%q decides nothing: on Jira Cloud an approver is an account id or an e-mail address", shorten(name))
	}
}
