package forge

import (
	"strings"

	"github.com/tidwall/gjson"
)

const (
	// maxScopes bounds what is kept of an event.
	maxScopes = 500
	// maxWord bounds each text of it.
	maxWord = 300
)

// LifecycleEvent is what Forge says in the body when an app was installed or
// upgraded. Each member may be missing, and none says who sent it.
// https://developer.atlassian.com/platform/forge/events-reference/life-cycle/
type LifecycleEvent struct {
	// Installation, Cloud and Environment are UUIDs.
	Installation, Cloud, Environment string
	// Version is the app's.
	Version string
	// By is the account of who installed or upgraded the app.
	By string
	// Scopes are those that were granted; nil if the event does not tell.
	Scopes []string
}

// ReadEvent reads the body of an event. What it does not know, or cannot make
// sense of, is left out: the token says all that has to be known. It reports
// whether the body was a JSON object at all.
func ReadEvent(body []byte) (LifecycleEvent, bool) {
	doc := gjson.ParseBytes(body)
	if !gjson.ValidBytes(body) || !doc.IsObject() {
		return LifecycleEvent{}, false
	}
	e := LifecycleEvent{
		Installation: lastPart(word(doc.Get("id"))),
		Cloud:        cloudOf(doc.Get("context")),
		Environment:  lastPart(word(doc.Get("environment.id"))),
		Version:      word(doc.Get("app.version")),
		By:           word(doc.Get("installerAccountId")),
	}
	if e.By == "" {
		e.By = word(doc.Get("upgraderAccountId"))
	}
	if scopes := doc.Get("permissions.scopes"); scopes.IsArray() {
		e.Scopes = readScopes(scopes)
	}
	return e, true
}

// readScopes takes names, and objects that have one.
func readScopes(list gjson.Result) []string {
	scopes := []string{}
	list.ForEach(func(_, s gjson.Result) bool {
		name := word(s)
		if s.IsObject() {
			name = word(s.Get("name"))
		}
		if name != "" {
			scopes = append(scopes, name)
		}
		return len(scopes) < maxScopes
	})
	return scopes
}

// cloudOf reads the id of a site from its ARI, ari:cloud:jira::site/<id>, or from
// an object that has it.
func cloudOf(context gjson.Result) string {
	if context.IsObject() {
		return word(context.Get("cloudId"))
	}
	if ari := word(context); strings.Contains(ari, "/") {
		return lastPart(ari)
	}
	return ""
}

// word reads a short text, or a number as it was written.
func word(v gjson.Result) string {
	text := ""
	switch v.Type {
	case gjson.String:
		text = v.Str
	case gjson.Number:
		text = v.Raw
	}
	if len(text) > maxWord {
		return ""
	}
	return strings.TrimSpace(strings.ToValidUTF8(text, ""))
}

// lastPart is the UUID of an ARI, or the UUID itself.
func lastPart(id string) string {
	return strings.ToLower(id[strings.LastIndexByte(id, '/')+1:])
}
