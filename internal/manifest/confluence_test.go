package manifest

import (
	"strings"
	"testing"
)

// withConfluence is a daemon with a Jira and what is said of Confluence.
func withConfluence(jira, confluence string) string {
	return "apiVersion: aof.dev/v1\nkind: DaemonConfig\nmetadata: {name: d}\nspec:\n  platforms:\n    jira: " + jira + "\n    confluence: " + confluence + "\n"
}

// withText reads a daemon.yaml; the problems are one error, or none.
func withText(text string) (*Daemon, error) {
	d, problems := readDaemon("daemon.yaml", []byte(text), testEnv)
	return d, problems.Errors().Err()
}

const (
	jiraOnCloud  = "{base_url: 'https://example.atlassian.net', auth: {email_env: E, token_env: T}, webhook_secret_env: S}"
	jiraOnServer = "{base_url: 'https://tools.example.com/jira', auth: {token_env: T}, webhook_secret_env: S}"
)

func TestConfluenceOfASiteOfCloudSharesItsSignIn(t *testing.T) {
	for _, text := range []string{"{enabled: true}", "{base_url: 'https://example.atlassian.net'}", "{base_url: 'https://example.atlassian.net/wiki'}"} {
		d, err := withText(withConfluence(jiraOnCloud, text))
		if err != nil {
			t.Errorf("%s: %v", text, err)
			continue
		}
		if c := d.Confluence; c == nil || !c.Shared || c.Site.Token.Env != "T" || c.Site.BaseURL != "https://example.atlassian.net" {
			t.Errorf("%s gives %+v", text, c)
		}
	}
}

func TestConfluenceMayHaveASignInOfItsOwn(t *testing.T) {
	d, err := withText(withConfluence(jiraOnServer, "{base_url: 'https://tools.example.com/confluence', auth: {type: pat, token_env: C}, proxy: {https_proxy: 'http://p:1'}, rate_limit: {requests_per_second: 5}}"))
	if err != nil {
		t.Fatal(err)
	}
	c := d.Confluence
	if c.Shared || c.Site.BaseURL != "https://tools.example.com/confluence" || c.Site.AuthType != "pat" || c.Site.Token.Env != "C" ||
		c.Site.HTTPSProxy != "http://p:1" || c.Site.RequestsPerSecond != 5 || !c.Site.TLSVerify {
		t.Errorf("%+v", c)
	}
	d, err = withText(withConfluence(jiraOnCloud, "{auth: {email_env: E2, token_env: C}}"))
	if err != nil || d.Confluence.Shared || d.Confluence.Site.BaseURL != "https://example.atlassian.net" || d.Confluence.Site.Email.Env != "E2" {
		t.Errorf("%+v, %v", d.Confluence, err)
	}
	if d, err = withText(withConfluence(jiraOnCloud, "{enabled: false}")); err != nil || d.Confluence != nil {
		t.Errorf("switched off it is %+v, %v", d.Confluence, err)
	}
}

func TestAddressesOfConfluenceAreReadAsPeoplePasteThem(t *testing.T) {
	const id = "11223344-a1b2-3b33-c444-def123456789"
	const server, gate = "https://tools.example.com/confluence", "https://api.atlassian.com/ex/jira/" + id
	own := ", auth: {type: pat, token_env: C}}"
	for text, want := range map[string][2]string{
		"{base_url: '" + server + "/'" + own:                                                        {server},
		"{base_url: '" + server + "/display/DOC/Home'" + own:                                        {server},
		"{base_url: '" + server + "/spaces/DOC/overview'" + own:                                     {server},
		"{base_url: '" + server + "/rest/api/content'" + own:                                        {server},
		"{base_url: 'https://wiki.example.com/pages/viewpage.action'" + own:                         {"https://wiki.example.com"},
		"{base_url: 'https://wiki.example.com/wiki'" + own:                                          {"https://wiki.example.com/wiki"},
		"{base_url: 'https://api.atlassian.com/ex/confluence/" + id + "'" + own:                     {gate, id},
		"{base_url: 'https://api.atlassian.com/ex/confluence/" + id + "/wiki/'" + own:               {gate, id},
		"{cloud_id: " + id + ", auth: {type: oauth2, client_id: a, client_secret_env: C}}":          {gate, id},
		"{cloud_id: " + id + ", base_url: 'https://x.atlassian.net/wiki/spaces/DOC/overview'" + own: {"https://x.atlassian.net", id},
	} {
		d, err := withText(withConfluence(jiraOnServer, text))
		if err != nil {
			t.Errorf("%s: %v", text, err)
			continue
		}
		if got := [2]string{d.Confluence.Site.BaseURL, d.Confluence.Site.CloudID.Value}; got != want {
			t.Errorf("%s is %v, want %v", text, got, want)
		}
	}
}

func TestMistakesAboutConfluenceAreTold(t *testing.T) {
	for text, want := range map[string]string{
		withConfluence(jiraOnServer, "{enabled: true}"):                                                            "base_url",
		withConfluence(jiraOnServer, "{base_url: 'https://tools.example.com/confluence'}"):                         "auth.token_env is missing",
		withConfluence(jiraOnCloud, "{base_url: 'https://other.atlassian.net'}"):                                   "auth.token_env is missing",
		withConfluence(jiraOnCloud, "{tls: {verify: false}}"):                                                      "auth of its own",
		withConfluence(jiraOnCloud, "{webhook_secret_env: 'not a name'}"):                                          "webhook_secret_env takes the name",
		withConfluence(jiraOnServer, "{base_url: 'https://c.example.com', auth: {type: api_token, token_env: C}}"): "email_env is missing",
	} {
		if _, err := withText(text); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s\ngives %v, want %q", text, err, want)
		}
	}
}

func TestSpacesAreAPartOfTheScope(t *testing.T) {
	c := loadText(t, "name: a\nmodel: google:x\ninstructions: x\nscope: {projects: [P], repositories: [o/r], spaces: [DOC, 'TEAM*']}")
	if got := strings.Join(c.Agents["a"].Scope(), " "); got != "P o/r space:DOC space:TEAM*" {
		t.Errorf("the scope is %s", got)
	}
}
