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
