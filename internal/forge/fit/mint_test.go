package fit

import (
	"bytes"
	"crypto"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"io"
	"math/big"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"
)

const (
	appUUID          = "8db33809-1f32-48bb-8c52-5877dab48107"
	appARI           = "ari:cloud:ecosystem::app/" + appUUID
	installationUUID = "0a3a7799-53ae-4a5b-9e7e-03338980abb5"
	environmentUUID  = "aa911f10-c54b-4b93-9e27-dd2947840b9e"
	otherUUID        = "11111111-2222-4333-8444-555555555555"
	cloudID          = "d0d52620-3203-4cfa-8db5-f2587155f0dd"
	kid              = keyPrefix + "wf-f641e7a7-0000-4000-8000-000000000001"
	otherKid         = keyPrefix + "wf-f641e7a7-0000-4000-8000-000000000002"
	endpointKey      = "a2a-json-rpc-endpoint"
	issuedAt         = 1700175149
)

// fixture has the form that Atlassian documents, with the values of a Jira site.
const fixture = `{"app":{"id":"` + appARI + `","version":"16","appVersion":"16.0.1",
  "installationId":"ari:cloud:ecosystem::installation/` + installationUUID + `",
  "apiBaseUrl":"https://api.atlassian.com/ex/jira/` + cloudID + `",
  "environment":{"type":"PRODUCTION","id":"ari:cloud:ecosystem::environment/` + appUUID + `/` + environmentUUID + `"},
  "module":{"type":"core:endpoint","key":"` + endpointKey + `"},
  "license":{"isActive":true,"type":"commercial"},
  "installation":{"id":"ari:cloud:ecosystem::installation/` + installationUUID + `",
    "contexts":[{"name":"jira","apiBaseUrl":"https://api.atlassian.com/ex/jira/` + cloudID + `"}]}},
 "context":{"cloudId":"` + cloudID + `","moduleKey":"your-awesome-agent","siteUrl":"https://example.atlassian.net","userAccess":{"enabled":false,"hasAccess":true}},
 "principal":"655362:312d3308-8954-42b0-aa38-771a10c88656",
 "aud":"` + appARI + `","iss":"forge/invocation-token",
 "iat":1700175149,"nbf":1700175149,"exp":1700175174,"jti":"d8a496253ec8c18a54631e4c82cbedd5d0ae8570"}`

// keys of tests, made once: making them is slow.
var (
	ourKey   = sync.OnceValue(func() *rsa.PrivateKey { return makeKey(2048) })
	theirKey = sync.OnceValue(func() *rsa.PrivateKey { return makeKey(2048) })
	smallKey = sync.OnceValue(func() *rsa.PrivateKey { return makeKey(1024) })
)

func makeKey(bits int) *rsa.PrivateKey {
	key, err := rsa.GenerateKey(rand.Reader, bits)
	if err != nil {
		panic(err)
	}
	return key
}

func b64(raw []byte) string { return base64.RawURLEncoding.EncodeToString(raw) }

// goodHeader is that of Forge's tokens.
func goodHeader(name string) string { return `{"alg":"RS256","typ":"JWT","kid":"` + name + `"}` }

// signed makes a token of two texts, whatever they are.
func signed(key *rsa.PrivateKey, head, claims string) string {
	text := b64([]byte(head)) + "." + b64([]byte(claims))
	sum := sha256.Sum256([]byte(text))
	sig, err := rsa.SignPKCS1v15(rand.Reader, key, crypto.SHA256, sum[:])
	if err != nil {
		panic(err)
	}
	return text + "." + b64(sig)
}

// with is the fixture with changes: pairs of a path and a value, nil removing.
func with(changes ...any) string {
	var claims map[string]any
	if err := json.Unmarshal([]byte(fixture), &claims); err != nil {
		panic(err)
	}
	for i := 0; i < len(changes); i += 2 {
		at := claims
		path := strings.Split(changes[i].(string), ".")
		for _, name := range path[:len(path)-1] {
			next, ok := at[name].(map[string]any)
			if !ok {
				next = map[string]any{}
				at[name] = next
			}
			at = next
		}
		if changes[i+1] == nil {
			delete(at, path[len(path)-1])
		} else {
			at[path[len(path)-1]] = changes[i+1]
		}
	}
	raw, err := json.Marshal(claims)
	if err != nil {
		panic(err)
	}
	return string(raw)
}

// token is a good one but for the changes.
func token(changes ...any) string { return signed(ourKey(), goodHeader(kid), with(changes...)) }

// keyJSON is a key as Atlassian publishes it.
func keyJSON(name string, key *rsa.PublicKey) string {
	return `{"kty":"RSA","use":"sig","alg":"RS256","kid":"` + name + `","n":"` + b64(key.N.Bytes()) + `","e":"` +
		b64(big.NewInt(int64(key.E)).Bytes()) + `"}`
}

func keysJSON(keys ...string) string { return `{"keys":[` + strings.Join(keys, ",") + `]}` }

// cdn is Atlassian's server of keys.
type cdn struct {
	mu     sync.Mutex
	body   string
	header http.Header
	status int
	takes  time.Duration
	// asked are the times of the requests.
	asked []time.Time
}

func newCDN(keys ...string) *cdn { return &cdn{body: keysJSON(keys...), header: http.Header{}} }

// RoundTrip implements http.RoundTripper.
func (c *cdn) RoundTrip(r *http.Request) (*http.Response, error) {
	c.mu.Lock()
	c.asked = append(c.asked, time.Now())
	takes := c.takes
	c.mu.Unlock()
	if takes > 0 {
		select {
		case <-time.After(takes):
		case <-r.Context().Done():
			return nil, r.Context().Err()
		}
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	status := c.status
	if status == 0 {
		status = http.StatusOK
	}
	return &http.Response{
		StatusCode: status, Status: http.StatusText(status), Header: c.header.Clone(), Request: r, Body: io.NopCloser(bytes.NewBufferString(c.body)),
	}, nil
}

// set changes what it does.
func (c *cdn) set(change func(*cdn)) {
	c.mu.Lock()
	defer c.mu.Unlock()
	change(c)
}

func (c *cdn) requests() []time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return append([]time.Time(nil), c.asked...)
}

// at is a clock that stands at a number of seconds after the fixture was issued.
func at(seconds int64) func() time.Time {
	return func() time.Time { return time.Unix(issuedAt+seconds, 0) }
}

// verifier makes one for our app and a CDN that has our key.
func verifier(t testing.TB, change func(*Config)) (*Verifier, *cdn) {
	t.Helper()
	server := newCDN(keyJSON(kid, &ourKey().PublicKey), keyJSON(keyPrefix+"small", &smallKey().PublicKey))
	cfg := Config{AppID: appARI, Carrier: server, Now: at(1)}
	if change != nil {
		change(&cfg)
	}
	v, err := New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	return v, server
}
