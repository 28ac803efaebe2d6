package main

import (
	"encoding/json"
	"fmt"
	"strconv"
	"strings"
)

// payload makes an issue_created event such as Jira Cloud sends, of about ten
// and a half kilobytes. Different n give different issues.
func payload(n int) []byte {
	site := "https://example.atlassian.net"
	user := func(id int, name string) map[string]any {
		account := fmt.Sprintf("5b10ac8d82e05b22cc7d%04x", id)
		avatars := map[string]any{}
		for _, size := range []string{"48x48", "32x32", "24x24", "16x16"} {
			avatars[size] = fmt.Sprintf("https://avatars.example.net/%s/%s.png?default=initials&size=%s", account, strings.ToLower(name), size)
		}
		return map[string]any{
			"self": site + "/rest/api/2/user?accountId=" + account, "accountId": account, "displayName": name,
			"avatarUrls": avatars, "active": true, "timeZone": "Europe/Berlin", "accountType": "atlassian",
		}
	}
	fields := map[string]any{
		"summary":     fmt.Sprintf("Login fails with error 0x%x after the upgrade of the identity provider", n*7919),
		"description": text(n, 52),
		"issuetype": map[string]any{"self": site + "/rest/api/2/issuetype/10004", "id": "10004", "name": "Bug",
			"description": "A problem which impairs or prevents the functions of the product.", "subtask": false, "hierarchyLevel": 0},
		"project": map[string]any{"self": site + "/rest/api/2/project/10000", "id": "10000", "key": "DEMO", "name": "Demonstration",
			"projectTypeKey": "software", "simplified": false},
		"priority": map[string]any{"self": site + "/rest/api/2/priority/2", "iconUrl": site + "/images/icons/priorities/high.svg", "name": "High", "id": "2"},
		"status": map[string]any{"self": site + "/rest/api/2/status/10000", "name": "To Do", "id": "10000", "description": "",
			"statusCategory": map[string]any{"self": site + "/rest/api/2/statuscategory/2", "id": 2, "key": "new", "colorName": "blue-gray", "name": "To Do"}},
		"reporter": user(n, "Ada"), "creator": user(n, "Ada"), "assignee": user(n+1, "Grace"),
		"labels":  []string{"login", "regression", fmt.Sprintf("customer-%d", n)},
		"created": fmt.Sprintf("2026-03-%02dT10:%02d:00.000+0100", 1+n%28, n%60), "updated": fmt.Sprintf("2026-03-%02dT10:%02d:00.000+0100", 1+n%28, n%60),
		"watches": map[string]any{"self": fmt.Sprintf("%s/rest/api/2/issue/DEMO-%d/watchers", site, n), "watchCount": 0, "isWatching": false},
		"votes":   map[string]any{"self": fmt.Sprintf("%s/rest/api/2/issue/DEMO-%d/votes", site, n), "votes": 0, "hasVoted": false},
	}
	for i := range 60 {
		fields[fmt.Sprintf("customfield_%d", 10000+i)] = nil
	}
	event := map[string]any{
		"timestamp": 1772000000000 + int64(n), "webhookEvent": "jira:issue_created", "issue_event_type_name": "issue_created",
		"user":  user(n, "Ada"),
		"issue": map[string]any{"id": strconv.Itoa(20000 + n), "self": fmt.Sprintf("%s/rest/api/2/%d", site, 20000+n), "key": fmt.Sprintf("DEMO-%d", n), "fields": fields},
		"changelog": map[string]any{"id": strconv.Itoa(30000 + n), "items": []any{
			map[string]any{"field": "summary", "fieldtype": "jira", "fieldId": "summary", "from": nil, "fromString": nil, "to": nil, "toString": "Login fails"},
			map[string]any{"field": "Status", "fieldtype": "jira", "fieldId": "status", "from": nil, "fromString": nil, "to": "10000", "toString": "To Do"},
		}},
	}
	b, err := json.Marshal(event)
	if err != nil {
		// Maps of strings and numbers always encode.
		return nil
	}
	return b
}

// text makes sentences that differ with n.
func text(n, sentences int) string {
	words := strings.Fields(`the user account session token request server answer error login page provider
		certificate network cluster database deploy version customer ticket window browser cookie header
		proxy timeout retry cache queue worker thread memory disk upgrade rollback migration password`)
	var b strings.Builder
	x := uint32(n)*2654435761 + 1
	for i := range sentences {
		for range 9 + i%7 {
			x = x*1664525 + 1013904223
			b.WriteString(words[(x>>16)%uint32(len(words))])
			b.WriteByte(' ')
		}
		b.WriteString("\n")
	}
	return b.String()
}
