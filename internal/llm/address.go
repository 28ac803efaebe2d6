package llm

import (
	"net/http"
	"net/url"
	"strings"
)

// address sends a request to where the model is, with the key in the header that
// is looked for there. What go-openai made for OpenAI fits most servers.
func (p *provider) address(req *http.Request, m *model) error {
	if !p.dialect.azure {
		return nil
	}
	req.Header.Del("Authorization")
	req.Header.Set("Api-Key", p.key)
	return redirect(req, p.azureURL(m))
}

// azureURL is the address at Azure. With a version of the API the deployment is
// part of it; without, it is the version-less API, where the model's name is the
// deployment's.
func (p *provider) azureURL(m *model) string {
	path := "/chat/completions"
	if m.traits.api == apiResponses {
		path = "/responses"
	}
	root := strings.TrimSuffix(strings.TrimSuffix(p.baseURL, "/v1"), "/openai")
	if p.apiVersion == "" {
		return root + "/openai/v1" + path
	}
	if m.traits.api == apiChat {
		path = "/deployments/" + url.PathEscape(m.name) + path
	}
	return root + "/openai" + path + "?api-version=" + url.QueryEscape(p.apiVersion)
}

func redirect(req *http.Request, to string) error {
	u, err := url.Parse(to)
	if err != nil {
		return err
	}
	req.URL, req.Host = u, u.Host
	return nil
}
