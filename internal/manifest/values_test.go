package manifest

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestEveryValueIsCheckedForItsKind(t *testing.T) {
	// What is written for a field, and the problem; "" for none.
	cases := []struct{ text, want string }{
		{"text: x", ""},
		{"text:", ""},
		{"text: ~", ""},
		{"text: 5", ""},
		{"text: 5.0", ""},
		{"text: yes", ""},
		{"text: true", `expected text, found "true" (quote it to make it text)`},
		{"text: 'true'", ""},
		{"text: !!binary aGk=", `expected text, found "aGk=" (quote it to make it text)`},
		{"text: [a]", "expected text, found a list"},
		{"text: {a: b}", "expected text, found a mapping"},
		{"number: 5", ""},
		{"number: -5", ""},
		{"number: '5'", `expected a whole number, found "5"`},
		{"number: ${PORT}", ""},
		{"number: '${PORT}0'", ""},
		{"number: ${TEAM}", `expected a whole number, found "PROJ"`},
		{"number: 99999999999999999999", `expected a whole number, found "99999999999999999999"`},
		{"number: true", `expected a whole number, found "true"`},
		{"number: [1]", "expected a whole number, found a list"},
		{"list: []", ""},
		{"list:", ""},
		{"list: [a, 1]", ""},
		{"list: x", `expected a list, found "x"`},
		{"list: [[a]]", "expected text, found a list"},
		{"list: ['']", "the list has an empty entry"},
		{"list: [~]", "the list has an empty entry"},
		{"span: 5m", ""},
		{"span: ${NOT_SET:-5m}", ""},
		{"span: 5", `expected a time span such as 30s, 5m, 2h or 30d, found "5"`},
		{"span: {a: b}", "expected text, found a mapping"},
		{"sub: {}", ""},
		{"sub:", ""},
		{"sub: []", "expected a mapping, found a list"},
		{"named: {1: x, true: y}", ""},
		{"named: {a: [b]}", "expected text, found a list"},
		{"named: {[a]: b}", "a field's name must be plain text, found a list"},
		{"free: .nan", `expected a number, found ".nan"`},
		{"free: {a: 1, a: 2}", `duplicate field "a" (first at line 1)`},
		{"1: x", `unknown field "1"`},
	}
	for _, c := range cases {
		_, r := decodeSample(c.text)
		got := ""
		if len(r.problems) > 0 {
			got = r.problems[0].Message
		}
		if got != c.want || len(r.problems) > 1 {
			t.Errorf("%s: problems %q, want %q", c.text, r.problems, c.want)
		}
	}
}

func TestAliasesAndMergesMeanWhatTheyStandFor(t *testing.T) {
	got, r := decodeSample(`
named: &n {a: x, b: y}
free: {<<: *n, b: z}
sub: {named: {<<: [*n, {c: w, a: other}]}, text: &k list}
list: [*k]
*k : [again]
`)
	want := []string{`f:6:1: duplicate field "list" (first at line 5)`}
	if diff := cmp.Diff(strings.Join(want, "\n"), r.problems.Error()); diff != "" {
		t.Errorf("problems (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff(any(map[string]any{"a": "x", "b": "z"}), got.Free.value); diff != "" {
		t.Errorf("free (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff(map[string]string{"a": "x", "b": "y", "c": "w"}, stringMap(got.Sub.Named)); diff != "" {
		t.Errorf("named (-want +got):\n%s", diff)
	}
}

func TestStorageIsADirectoryOfSQLiteOrADatabaseOfPostgreSQL(t *testing.T) {
	cases := map[string]string{
		"sqlite:./data":           "",
		"sqlite:data":             "",
		"sqlite://./data":         "",
		"sqlite:///var/lib/aof":   "",
		"data":                    "expected a dsn such as sqlite:./data or postgres://user@host/database",
		"sqlite:":                 "the dsn names no directory: use sqlite:./data",
		"sqlite://":               "the dsn names no directory: use sqlite:./data",
		"mysql://x":               `unknown kind of storage "mysql": use sqlite:./data or postgres://user@host/database`,
		"postgresql://localhost":  "",
		"postgres://u@h:5433/d":   "",
		"postgres://u:${T:-}@h/d": "",
		"${T}":                    "",
		"postgres://h:port/d":     "the dsn is not a URL such as postgres://user@host:5432/database",
		"postgres://u:p@h/d": "a password does not belong in a file that is shared: write ${VARIABLE} in its place, or name the dsn's variable in dsn_env, " +
			"or its file in dsn_file",
	}
	for dsn, want := range cases {
		_, problems := readDaemon("daemon.yaml", []byte("spec: {storage: {dsn: '"+dsn+"'}}"), testEnv)
		got := ""
		for _, p := range problems.Errors() {
			got = p.Message
		}
		if got != want {
			t.Errorf("%s: problem %q, want %q", dsn, got, want)
		}
	}
}

func TestSecretsOfASiteAreGivenOnceAndNotInTheFile(t *testing.T) {
	// What stands beside base_url, and the errors.
	cases := []struct{ site, want string }{
		{"token_env: T, webhook_secret_env: S", ""},
		{"token_file: /t, webhook_secret_file: /s", ""},
		{"api_token: '${T}', webhook_secret: '${S}'", ""},
		{"auth: {token_env: T}, webhook_secret_envs: [S, T]", ""},
		{"token_env: T, token_file: /t, webhook_secret_env: S", "give one of api_token, api_token_env and api_token_file"},
		{"token_env: T, api_token_env: U, webhook_secret_env: S", `field "api_token_env" says the same as "token_env" at line 1: give one of them`},
		{"auth: {token_env: T}, token_env: T, webhook_secret_env: S", "api_token is given under auth too: give it once"},
		{"token: abc, webhook_secret_env: S", "a secret does not belong in a file that is shared: name its environment variable in api_token_env, or its file in api_token_file"},
		{"token: '${EMPTY:-}', webhook_secret_env: S", "api_token is empty"},
		{"token_env: 'a b', webhook_secret_env: S", "api_token_env takes the name of an environment variable (letters, digits and underscores), not the secret itself"},
		{"token_file: '', webhook_secret_env: S", "api_token_file is empty"},
		{"token: [x], webhook_secret_env: S", "expected text, found a list"},
	}
	for _, c := range cases {
		_, problems := readDaemon("daemon.yaml", []byte("spec: {platforms: {jira: {base_url: https://jira.example.com, "+c.site+"}}}"), testEnv)
		var got []string
		for _, p := range problems.Errors() {
			if !strings.Contains(p.Message, "the site has no token") {
				got = append(got, p.Message)
			}
		}
		if strings.Join(got, "; ") != c.want {
			t.Errorf("%s: problems %q, want %q", c.site, got, c.want)
		}
	}
}

func TestAddressesOfSites(t *testing.T) {
	cases := map[string]string{
		"https://x.atlassian.net":    "https://x.atlassian.net",
		"https://x.atlassian.net/":   "https://x.atlassian.net",
		"https://jira.x.com/jira///": "https://jira.x.com/jira",
		"http://localhost:8080/ctx":  "http://localhost:8080/ctx",
		" https://jira.x.com ":       "https://jira.x.com",
		"jira.x.com":                 "https://jira.x.com",
		"localhost:8080/jira/":       "https://localhost:8080/jira",
		"x.atlassian.net":            "https://x.atlassian.net",
		"jira":                       "",
		"https://x.atlassian.net/jira/software/projects/A/boards/1?selectedIssue=A-1": "https://x.atlassian.net",
		"https://x.atlassian.net/rest/api/3/":                                         "https://x.atlassian.net",
		"https://jira.x.com/rest/api/2":                                               "https://jira.x.com",
		"https://jira.x.com/jira/browse/A-1#comments":                                 "https://jira.x.com/jira",
		"https://jira.x.com/jira/secure/Dashboard.jspa?selectPageId=1":                "https://jira.x.com/jira",
		"https://jira.x.com/projects/ABC/issues":                                      "https://jira.x.com",
		"https://jira.x.com/projects":                                                 "https://jira.x.com/projects",
		"https://jira.x.com/resting":                                                  "https://jira.x.com/resting",
		"https://me:pw@jira.x.com/rest/api/2":                                         "",
		"https://":                                                                    "",
		"https:///path":                                                               "",
		"file:///etc/passwd":                                                          "",
		"https://jira.x.com?a=b":                                                      "",
		"https://jira.x.com/#top":                                                     "",
		"https://me@jira.x.com":                                                       "",
		"https://jira.x.com:port":                                                     "",
		"https://[::1":                                                                "",
		"javascript:alert(1)":                                                         "",
		"https://jira.x.com/a%2Fb":                                                    "https://jira.x.com/a%2Fb",
		"https://xn--jra-rla.example":                                                 "https://xn--jra-rla.example",
	}
	for text, want := range cases {
		d, problems := readDaemon("daemon.yaml", []byte("spec: {platforms: {jira: {base_url: '"+text+"', token_env: T, email_env: E, webhook_secret_env: S}}}"), testEnv)
		if got := d.Jira[0].BaseURL; got != want || (problems.Err() == nil) != (want != "") {
			t.Errorf("%q: got %q and %v, want %q", text, got, problems, want)
		}
	}
}

func TestNamesOfManifestsFitAddressesAndCommandLines(t *testing.T) {
	for name, good := range map[string]bool{
		"a": true, "bug-triager": true, "A.b_c-1": true, "1": true, strings.Repeat("x", 253): true,
		"-a": false, "a-": false, "a b": false, "a/b": false, "ä": false, "..": false, "a\\nb": false, strings.Repeat("x", 254): false,
	} {
		_, err := tryText(t, `{kind: Agent, metadata: {name: "`+name+`"}, spec: {model: "google:x", instructions: x}}`)
		if (err == nil) != good {
			t.Errorf("%.20q: error %v", name, err)
		}
	}
}

func TestToolsOfOtherProgramsAndOfLaterAreToldApart(t *testing.T) {
	cases := map[string]string{
		"shell": "warning", "bash": "warning", "read_file": "warning", "write_file": "warning", "kubectl": "warning",
		"kubectl_get": "warning", "git_log": "warning", "terraform": "warning", "http_request": "error", "http": "error", "grafana_query": "warning",
		"datadog_metric_query": "warning", "servicenow_incident_create": "warning", "github_workflow_run": "warning",
		"confluence_get_page": "error", "confluence": "error", "github_get_pull_request": "error", "memory_get": "error",
		"ask_user": "error", "finish": "error", "mcp:x/y": "error", "nonsense": "error", "jira_nope": "error", "confluence_*": "error",
		"jira": "", "jira:read": "", "jira_*": "", "jira_issue": "", "*": "",
	}
	for name, want := range cases {
		c, err := tryText(t, "name: a\nmodel: google:x\ninstructions: x\ntools: ['"+name+"']")
		got := ""
		switch {
		case err != nil:
			got = "error"
		case len(c.Warnings) > 0:
			got = "warning"
		}
		if got != want {
			t.Errorf("tool %s: %q, want %q (%v)", name, got, want, err)
		}
		if want == "" && len(c.Agents["a"].Tools) == 0 {
			t.Errorf("tool %s: the agent has no tools", name)
		}
	}
}

func TestTypesAndKindsOfOtherProgramsAreLeftOutByName(t *testing.T) {
	for _, name := range []string{"Slack", "telegram", "PagerDuty", "Manual"} {
		c := loadText(t, "kind: Trigger\nmetadata: {name: t}\nspec: {type: "+name+", config: {anything: [1]}}")
		if len(c.Triggers) != 0 || len(c.Warnings) != 1 || !strings.Contains(c.Warnings[0].Message, name) {
			t.Errorf("type %s: %d triggers, warnings %v", name, len(c.Triggers), c.Warnings)
		}
	}
	for _, kind := range foreignKinds() {
		c := loadText(t, "kind: "+kind+"\nanything: 1")
		if len(c.Warnings) != 1 || !strings.Contains(c.Warnings[0].Message, kind) {
			t.Errorf("kind %s: warnings %v", kind, c.Warnings)
		}
	}
}

func TestAPIVersionsOfAOFAreTaken(t *testing.T) {
	for version, warnings := range map[string]int{
		"aof.dev/v1": 0, "aof.dev/v1alpha1": 0, "aof.sh/v1": 0, "aof.sh/v1alpha1": 0, "aof.agenticops.org/v1alpha1": 0, "apps/v1": 1, "2": 1,
	} {
		c := loadText(t, "apiVersion: "+version+anAgent)
		if len(c.Warnings) != warnings {
			t.Errorf("%s: warnings %v", version, c.Warnings)
		}
	}
}

func TestListsAndMappingsAreBounded(t *testing.T) {
	many := strings.Repeat("x,", maxEntries+1)
	for _, text := range []string{"list: [" + many + "]", "named: {" + manyKeys() + "}"} {
		_, r := decodeSample(text)
		if len(r.problems) != 1 || !strings.HasPrefix(r.problems[0].Message, "more than ") {
			t.Errorf("%.20s: problems %v", text, r.problems)
		}
	}
}

func manyKeys() string {
	var b strings.Builder
	for i := range maxEntries + 1 {
		b.WriteString("k" + strings.Repeat("x", i%50) + string(rune('a'+i%26)) + string(rune(0x4e00+i)) + ": 1, ")
	}
	return b.String()
}

func TestSuggestionsEnd(t *testing.T) {
	var h hints
	given := 0
	for range 1000 {
		if h.meant("evnts", []string{"events"}) != "" {
			given++
		}
	}
	if given != 200 {
		t.Errorf("%d suggestions, want 200", given)
	}
}
