package confluence

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"maps"
)

// event is something that happened, for webhooks of Data Center and rules of Cloud.
type event struct {
	name string
	// dc is the body of a webhook, cloud that of a rule.
	dc, cloud []byte
}

// emit notes an event, to be sent when the write is done.
func (t *tx) emit(name string, c *content, more obj) {
	e := event{name: name}
	var err error
	if t.st.kind == DataCenter {
		e.dc, err = json.Marshal(t.webhookBody(name, c, more))
	} else {
		e.cloud, err = json.Marshal(t.ruleBody(c, more))
	}
	if err == nil {
		t.events = append(t.events, e)
	}
}

// webhookBody is what Data Center sends: ids only. The form of the events of pages
// is that of captured ones; those of comments, files and labels follow it.
func (t *tx) webhookBody(name string, c *content, more obj) obj {
	body := obj{"timestamp": t.now.UnixMilli(), "event": name}
	if t.by != nil {
		body["userKey"] = t.by.Key
	}
	body[c.kind] = obj{"id": c.id}
	maps.Copy(body, more)
	return body
}

// ruleBody is what a rule of Automation sends whose author took the form that apps
// of Connect were sent. It does not tell the event.
func (t *tx) ruleBody(c *content, more obj) obj {
	body := obj{"timestamp": t.now.UnixMilli(), "updateTrigger": "unknown"}
	if t.by != nil {
		body["userAccountId"], body["accountType"] = t.by.AccountID, "atlassian"
		if t.by.App {
			body["accountType"] = "app"
		}
	}
	maps.Copy(body, more)
	page := c
	if c.page != nil {
		page = c.page
	}
	switch c.kind {
	case isPage:
		body["page"] = t.described(c)
	default:
		inner := t.described(c)
		inner["parent"] = t.described(page)
		if c.above != nil {
			inner["inReplyTo"] = obj{"id": c.above.id}
		}
		body[c.kind] = inner
	}
	return body
}

func (t *tx) described(c *content) obj {
	return obj{
		"id": c.id, "title": c.now().title, "spaceKey": c.space.Key, "version": c.now().number, "contentType": c.kind,
		"self": t.web + t.webPath(c), "creatorAccountId": account(c.by), "lastModifierAccountId": account(c.now().by),
		"creationDate": c.made.UnixMilli(), "modificationDate": c.now().when.UnixMilli(),
	}
}

// Sign is the value of X-Hub-Signature for a body (WebSub, section 7.1).
func Sign(secret string, body []byte) string {
	mac := hmac.New(sha256.New, []byte(secret))
	mac.Write(body)
	return "sha256=" + hex.EncodeToString(mac.Sum(nil))
}

// knownEvents are the names that a webhook of Data Center may list
// (Confluence Data Center, "Managing Webhooks").
func knownEvents() map[string]bool {
	known := map[string]bool{"blueprint_page_created": true, "theme_enabled": true}
	for prefix, verbs := range map[string][]string{
		"attachment_": {"created", "removed", "restored", "trashed", "updated"},
		"blog_":       {"created", "removed", "restored", "trashed", "updated"},
		"comment_":    {"created", "removed", "updated"},
		"content_":    {"created", "restored", "trashed", "updated", "permissions_updated"},
		"group_":      {"created", "removed"},
		"label_":      {"added", "created", "deleted", "removed"},
		"page_":       {"children_reordered", "created", "moved", "removed", "restored", "trashed", "updated"},
		"space_":      {"created", "logo_updated", "permissions_updated", "removed", "updated"},
		"user_":       {"created", "deactivated", "followed", "reactivated", "removed"},
	} {
		for _, verb := range verbs {
			known[prefix+verb] = true
		}
	}
	return known
}

// PageEvents are the names of what happens to pages and to what belongs to them, for
// a webhook that is to tell of all of it.
func PageEvents() []string {
	return []string{
		"attachment_created", "attachment_removed", "attachment_updated", "comment_created", "comment_removed", "comment_updated", "label_added", "label_removed",
		"page_created", "page_moved", "page_removed", "page_restored", "page_trashed", "page_updated",
	}
}
