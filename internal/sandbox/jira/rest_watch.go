package jira

import (
	"encoding/json"
	"net/http"
)

func restWatchers(t *tx, c *call) (any, error) {
	i, err := t.issue(c.path("issue"))
	if err != nil {
		return nil, err
	}
	return obj{
		"self": t.st.base + "/rest/api/2/issue/" + i.key + "/watchers", "isWatching": t.watching(i),
		"watchCount": len(i.watchers), "watchers": renderEach(i.watchers, func(u *User) any { return u.render(t.st.base, true) }),
	}, nil
}

// restWatch takes the account id as a bare JSON string; no body means the user.
func restWatch(t *tx, c *call) (any, error) {
	i, err := t.issue(c.path("issue"))
	if err != nil {
		return nil, err
	}
	who := t.by
	if len(c.raw) > 0 {
		var id string
		if json.Unmarshal(c.raw, &id) != nil {
			return nil, refusePayload()
		}
		who = t.person(id)
	}
	if who == nil {
		return nil, refuse(http.StatusNotFound, "The user does not exist.")
	}
	i.watchers = append(without(i.watchers, who), who)
	t.wrote(i, "watch", who.AccountID)
	return nil, nil
}

func restUnwatch(t *tx, c *call) (any, error) {
	i, err := t.issue(c.path("issue"))
	if err != nil {
		return nil, err
	}
	who := t.st.account(c.query("accountId"))
	if t.st.dc {
		who = t.st.named(c.query("username"), "")
	}
	if who == nil {
		return nil, refuse(http.StatusBadRequest, "The accountId is missing or unknown.")
	}
	i.watchers = without(i.watchers, who)
	t.wrote(i, "unwatch", who.AccountID)
	return nil, nil
}

// person finds a user by what identifies users here: account id or name.
func (t *tx) person(id string) *User {
	if t.st.dc {
		return t.st.named(id, "")
	}
	return t.st.account(id)
}
