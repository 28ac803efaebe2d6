package sandbox_test

import (
	"net/http"
	"testing"

	"github.com/aofctl/aofctl/internal/sandbox"
	"github.com/aofctl/aofctl/internal/sandbox/jira"
)

func TestConfluenceIsBesideJira(t *testing.T) {
	for kind, path := range map[jira.Deployment]string{jira.Cloud: "/wiki/rest/api/user/current", jira.DataCenter: "/rest/api/user/current"} {
		s, err := sandbox.Start(t.Context(), sandbox.Options{Demo: true, Jira: jira.Options{Deployment: kind}})
		if err != nil {
			t.Fatal(err)
		}
		if n := len(s.Confluence.Pages()); n == 0 {
			t.Errorf("%s: there is no page", kind)
		}
		login, token := s.Credentials()
		for _, url := range []string{s.ConfluenceURL() + path, s.ControlURL() + "/confluence/pages", s.JiraURL() + "/rest/api/2/myself"} {
			req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, url, http.NoBody)
			if err != nil {
				t.Fatal(err)
			}
			req.SetBasicAuth(login, token)
			resp, err := http.DefaultClient.Do(req)
			if err != nil {
				t.Fatal(err)
			}
			_ = resp.Body.Close()
			if resp.StatusCode != http.StatusOK {
				t.Errorf("%s: %s answers %d", kind, url, resp.StatusCode)
			}
		}
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	}
}
