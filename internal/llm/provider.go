package llm

import (
	"cmp"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"time"
)

// shared is what all providers of one Providers have in common.
type shared struct {
	client    *http.Client
	timeout   time.Duration
	maxBytes  int64
	userAgent string
	now       func() time.Time
	schemas   *schemaCache
	rests     *rests
}

func newShared(o Options) *shared {
	transport := o.Transport
	if transport == nil {
		transport = newTransport()
	}
	return &shared{
		// A redirect is not followed: it would carry the conversation elsewhere.
		client: &http.Client{
			Transport:     transport,
			CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
		},
		timeout: o.Timeout, maxBytes: o.MaxResponseBytes, userAgent: o.UserAgent, now: o.Now,
		schemas: newSchemaCache(), rests: newRests(o.Now),
	}
}

// newTransport is the default transport with more connections kept per host: a
// daemon talks to few hosts, and to those often.
func newTransport() http.RoundTripper {
	t, ok := http.DefaultTransport.(*http.Transport)
	if !ok {
		return http.DefaultTransport
	}
	t = t.Clone()
	t.MaxIdleConnsPerHost = 32
	return t
}

// provider is one configured provider.
type provider struct {
	*shared
	name string
	// kind is the name of the profile.
	kind       string
	baseURL    string
	apiVersion string
	// api is the API that is set; "" to choose by the model.
	api     api
	key     string
	keyEnvs []string
	refusal string
	badURL  error
	timeout time.Duration
	dialect dialect
	limit   *limiter
}

func newProvider(c ProviderConfig, prof profile, getenv func(string) string, s *shared) *provider {
	p := &provider{
		shared: s, name: c.Name, kind: c.kind(), key: strings.TrimSpace(c.APIKey), keyEnvs: prof.keyEnvs, api: api(c.API),
		refusal: prof.refusal, dialect: prof.dialect, timeout: cmp.Or(c.Timeout, s.timeout), apiVersion: strings.TrimSpace(c.APIVersion),
		limit: newLimiter(limits{c.MaxConcurrent, c.RequestsPerMinute, c.TokensPerMinute}, s.now),
	}
	for _, env := range prof.keyEnvs {
		if p.key == "" {
			p.key = strings.TrimSpace(getenv(env))
		}
	}
	if p.refusal != "" {
		return p
	}
	base := c.BaseURL
	if base == "" && prof.baseEnv != "" {
		base = fromEnv(prof.baseEnv, getenv(prof.baseEnv))
	}
	if base == "" {
		base = prof.baseURL
	}
	if base == "" { // only Azure has no address for all
		return p
	}
	p.baseURL, p.badURL = cleanBaseURL(base)
	if p.dialect.messages {
		p.baseURL = strings.TrimSuffix(p.baseURL, "/v1")
	}
	return p
}

// usable reports what keeps the provider from being called.
func (p *provider) usable() error {
	if p.refusal != "" {
		return errors.New(p.refusal)
	}
	if p.badURL != nil {
		return p.badURL
	}
	if p.baseURL == "" {
		return errors.New("no address: set base_url in models.providers, or AZURE_OPENAI_ENDPOINT")
	}
	if strings.ContainsAny(p.key, "\r\n\x00") {
		return errors.New("the key has a line break in it")
	}
	if p.key == "" && len(p.keyEnvs) > 0 {
		return fmt.Errorf("no key: set %s", strings.Join(p.keyEnvs, " or "))
	}
	return nil
}

// cleanBaseURL checks an address and cuts what people copy along with it.
func cleanBaseURL(raw string) (string, error) {
	u, err := url.Parse(strings.TrimSpace(raw))
	switch {
	case err != nil:
		return "", errors.New("base_url is not a URL")
	case u.Scheme != "http" && u.Scheme != "https", u.Host == "":
		return "", fmt.Errorf("base_url %q: want http://… or https://…", u.Redacted())
	case u.User != nil:
		return "", errors.New("base_url must not carry a user name or password")
	case u.RawQuery != "" || u.Fragment != "":
		return "", errors.New("base_url must not have a query or fragment")
	}
	s := strings.TrimRight(u.String(), "/")
	for _, end := range []string{"/chat/completions", "/responses", "/messages"} {
		s = strings.TrimRight(strings.TrimSuffix(s, end), "/")
	}
	return s, nil
}

// fromEnv reads an address from the environment. OLLAMA_HOST is also what the
// server binds to, so it may lack the scheme, the host, the port and the path
// (https://github.com/ollama/ollama/blob/main/docs/faq.mdx).
func fromEnv(name, value string) string {
	value = strings.Trim(strings.TrimSpace(value), `"'`)
	if name != "OLLAMA_HOST" || value == "" {
		return value
	}
	bare := !strings.Contains(value, "://")
	if bare {
		value = "http://" + value
	}
	u, err := url.Parse(value)
	if err != nil {
		return value
	}
	host, port := u.Hostname(), u.Port()
	if host == "" || host == "0.0.0.0" || host == "::" {
		host = "localhost"
	}
	if port == "" && bare {
		port = "11434"
	}
	if strings.Contains(host, ":") {
		host = "[" + host + "]"
	}
	if port != "" {
		host += ":" + port
	}
	path := strings.TrimRight(u.Path, "/")
	if path == "" {
		path = "/v1"
	}
	return u.Scheme + "://" + host + path
}
