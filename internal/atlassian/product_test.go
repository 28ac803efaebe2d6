package atlassian

import "testing"

func TestConfluenceIsReachedBesideJira(t *testing.T) {
	cfg := Config{BaseURL: "https://example.atlassian.net/", AuthType: AuthPAT, Token: "t"}
	site, err := NewTransport(cfg)
	if err != nil {
		t.Fatal(err)
	}
	defer site.Close()
	if got := site.ConfluenceURL(); got != "https://example.atlassian.net" {
		t.Errorf("site: %s", got)
	}
	cfg.CloudID, cfg.GatewayURL = "11223344-a1b2-3b33-c444-def123456789", "https://gate.example.com/ex/jira/"
	gateway, err := NewTransport(cfg)
	if err != nil {
		t.Fatal(err)
	}
	defer gateway.Close()
	if got := gateway.ConfluenceURL(); got != "https://gate.example.com/ex/jira/ex/confluence/11223344-a1b2-3b33-c444-def123456789" {
		t.Errorf("gateway: %s", got)
	}
}

func TestPathsOfConfluenceAreFewEndpoints(t *testing.T) {
	for path, want := range map[string]string{
		"/wiki/api/v2/pages/123/properties/4":                       "/wiki/api/v2/pages/*/properties/*",
		"/wiki/rest/api/content/1/child/attachment/att2/download":   "/wiki/rest/api/content/*/child/attachment/*/download",
		"/rest/api/content/1/property/aof.state":                    "/rest/api/content/*/property/*",
		"/rest/api/content/1/label":                                 "/rest/api/content/*/label",
		"/rest/api/space/DOC":                                       "/rest/api/space/*",
		"/confluence/download/attachments/12/report.pdf":            "/confluence/download/attachments/*/*",
		"/rest/api/2/issue/PROJ-1/properties/x":                     "/rest/api/2/issue/*/properties/x",
		"/ex/confluence/11223344-a1b2-3b33-c444-def123456789/wiki/": "/ex/confluence/*/wiki/",
	} {
		if got := endpoint(path); got != want {
			t.Errorf("%s: %s, want %s", path, got, want)
		}
	}
}
