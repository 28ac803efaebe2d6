package manifest

import (
	"strings"
	"testing"
)

func TestConditionsInJQLHaveToStandInParentheses(t *testing.T) {
	tests := []struct{ jql, problem string }{
		{"assignee is EMPTY", ""},
		{`(labels = vip OR summary ~ "a ) b")`, ""},
		{`summary ~ "a \" ( b" and x = 'it\'s ('`, ""},
		{`summary ~ "order by"`, ""},
		{"reorder = bywhere", ""},
		{"", "the condition is empty"},
		{"a = 1) OR (b = 2", "a parenthesis is closed that was not opened"},
		{"(a = 1", "a parenthesis is not closed"},
		{`a = "b`, "a quote \" is not closed"},
		{`a = 'b\'`, "a quote ' is not closed"},
		{"a = 1 ORDER\n BY rank", "a condition has no ORDER BY"},
		{strings.Repeat("a", 4097), "the condition has more than 4096 characters"},
	}
	for _, tt := range tests {
		got := ""
		if err := checkJQL(tt.jql); err != nil {
			got = err.Error()
		}
		if got != tt.problem {
			t.Errorf("%.40s: problem %q, want %q", tt.jql, got, tt.problem)
		}
	}
}

func FuzzCheckJQL(f *testing.F) {
	for _, seed := range []string{"a = 1", `a = "b\"`, "(a) order by b", "'", ")(", `\`} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		if checkJQL(text) != nil {
			return
		}
		// What is taken stays inside its parentheses.
		if err := checkJQL("issue = A-1 AND (" + text + ")"); err != nil && len(text) < maxJQL-40 {
			t.Errorf("%q is taken, but not in parentheses: %v", text, err)
		}
	})
}

const allowing = `
kind: Agent
metadata: {name: a}
spec: {model: "google:x", instructions: x}
---
kind: Trigger
metadata: {name: t}
spec: {type: Jira, config: {allowed_users: [%s]}, default_agent: a}
`

func TestUsersThatCloudCannotTellForSureAreWarnedOf(t *testing.T) {
	tests := []struct {
		user, warning string
		cloud         bool
	}{
		{"5b10a2844c20165700ede21g", "", true},
		{`"712020:1f2e3d4c-5b6a-7988-a1b2-c3d4e5f60718"`, "", true},
		{`"557058:f58131cb-b67d-43c7-b30d-6b58d40bd077"`, "", true},
		{"alice.developer", "can only be a display name", true},
		{`"Alice Developer"`, "can only be a display name", true},
		{"alice@company.com", "shows it to everybody", true},
		{"alice.developer", "", false},
		{"alice@company.com", "", false},
	}
	for _, tt := range tests {
		known := testKnown()
		known.Cloud = tt.cloud
		files := newParser(known).file("f", []byte(strings.Replace(allowing, "%s", tt.user, 1)))
		got := files.problems.Error()
		if tt.warning == "" && got != "" || !strings.Contains(got, tt.warning) {
			t.Errorf("%s on Cloud (%v): problems %q, want %q", tt.user, tt.cloud, got, tt.warning)
		}
	}
}

func TestDaemonKnowsWhetherAllItsSitesAreCloud(t *testing.T) {
	tests := []struct {
		sites []JiraSite
		want  bool
	}{
		{nil, false},
		{[]JiraSite{{BaseURL: "https://x.atlassian.net"}}, true},
		{[]JiraSite{{BaseURL: "https://api.atlassian.com/ex/jira/1", CloudID: Secret{Value: "1"}}}, true},
		{[]JiraSite{{BaseURL: "https://x.atlassian.net"}, {BaseURL: "https://jira.company.com"}}, false},
		{[]JiraSite{{BaseURL: "https://x.atlassian.net.evil.com"}}, false},
	}
	for _, tt := range tests {
		if got := (&Daemon{Jira: tt.sites}).Cloud(); got != tt.want {
			t.Errorf("%+v: %v", tt.sites, got)
		}
	}
}

func TestUsersOfACloudSiteAreWarnedOfToo(t *testing.T) {
	const site = "spec: {platforms: {jira: {base_url: https://%s, email_env: E, token_env: T, webhook_secret_env: S, allowed_users: [alice, 5b10a2844c20165700ede21g]}}}"
	for host, want := range map[string]int{"x.atlassian.net": 1, "jira.company.com": 0} {
		n := 0
		for _, w := range daemonText(t, t.TempDir(), strings.Replace(site, "%s", host, 1)).Warnings {
			if strings.Contains(w.Message, "display name") {
				n++
			}
		}
		if n != want {
			t.Errorf("%s: %d warnings, want %d", host, n, want)
		}
	}
}

func TestAFixedTokenCanStandInForTheSecret(t *testing.T) {
	d := daemonText(t, t.TempDir(), "spec: {platforms: {jira: {base_url: https://x.atlassian.net, email_env: E, token_env: T, webhook_token_env: HOOK}}}")
	if len(d.Jira) != 1 || d.Jira[0].WebhookToken.Env != "HOOK" || len(d.Jira[0].WebhookSecrets) != 0 {
		t.Errorf("sites %+v", d.Jira)
	}
	if envs := d.SecretEnvs(); len(envs) != 1 || envs[0] != "HOOK" {
		t.Errorf("secrets %q", envs)
	}
}
