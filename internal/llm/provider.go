package llm

import (
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
		schemas: newSchemaCache(),
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
	name    string
	baseURL string
	key     string
	keyEnvs []string
	refusal string
	badURL  error
	dialect dialect
	limit   *limiter
}

func newProvider(c ProviderConfig, prof profile, getenv func(string) string, s *shared) *provider {
	p := &provider{
		shared: s, name: c.Name, key: strings.TrimSpace(c.APIKey), keyEnvs: prof.keyEnvs,
		refusal: prof.refusal, dialect: prof.dialect, limit: newLimiter(c.MaxConcurrent, c.RequestsPerSecond),
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
	p.baseURL, p.badURL = cleanBaseURL(base)
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
	return strings.TrimRight(strings.TrimSuffix(s, "/chat/completions"), "/"), nil
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
