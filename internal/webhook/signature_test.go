package webhook

import (
	"bytes"
	"crypto/md5"
	"crypto/sha1"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/rs/zerolog"

	"github.com/aofctl/aofctl/internal/store/inbox"
)

func TestDocumentedVectorIsAccepted(t *testing.T) {
	in := &memory{}
	h := handler(t, in, Options{})
	w := do(h, request("/webhook/jira", "Hello World!",
		"X-Hub-Signature", "sha256=a4771c39fbe90f317c7824e83ddef3caae9cb3d976c214ace1f2937e133263c9"))
	if w.Code != http.StatusOK {
		t.Errorf("status %d: %s", w.Code, w.Body)
	}
}

func TestBadSignaturesAreRefused(t *testing.T) {
	const body = `{"webhookEvent":"jira:issue_created"}`
	good := sign(secretA, body)
	tests := []struct {
		name   string
		body   string
		values []string
		want   Result
	}{
		{"missing", body, nil, SignatureMissing},
		{"empty", body, []string{""}, SignatureMalformed},
		{"method only", body, []string{"sha256="}, SignatureMalformed},
		{"no method", body, []string{good[len("sha256="):]}, SignatureMalformed},
		{"the secret itself", body, []string{secretA}, SignatureMalformed},
		{"the secret as digits", body, []string{"sha256=" + secretA}, SignatureMalformed},
		{"wrong secret", body, []string{sign(secretB, body)}, SignatureWrong},
		{"other site's secret", body, []string{sign("site b", body)}, SignatureWrong},
		{"empty secret", body, []string{sign("", body)}, SignatureWrong},
		{"body changed by a byte", strings.Replace(body, "created", "creates", 1), []string{good}, SignatureWrong},
		{"body longer by a byte", body + " ", []string{good}, SignatureWrong},
		{"first digit wrong", body, []string{"sha256=" + flip(good[len("sha256="):], 0)}, SignatureWrong},
		{"last digit wrong", body, []string{good[:len(good)-1] + flip(good[len(good)-1:], 0)}, SignatureWrong},
		{"truncated", body, []string{good[:len(good)-2]}, SignatureMalformed},
		{"too long", body, []string{good + "00"}, SignatureMalformed},
		{"upper case", body, []string{"sha256=" + strings.ToUpper(good[len("sha256="):])}, SignatureMalformed},
		{"not hexadecimal", body, []string{"sha256=" + strings.Repeat("zz", 32)}, SignatureMalformed},
		{"blank before", body, []string{" " + good}, SignatureMethod},
		{"blank after", body, []string{good + " "}, SignatureMalformed},
		{"sha1", body, []string{"sha1=" + mac(sha1.New, secretA, body)}, SignatureMethod},
		{"md5", body, []string{"md5=" + mac(md5.New, secretA, body)}, SignatureMethod},
		{"none", body, []string{"none="}, SignatureMethod},
		{"method in capitals", body, []string{"SHA256" + good[len("sha256"):]}, SignatureMethod},
		{"method of another length", body, []string{"sha512" + good[len("sha256"):]}, SignatureMalformed},
		{"doubled header", body, []string{good, good}, SignatureMalformed},
		{"good after bad", body, []string{sign(secretB, body), good}, SignatureMalformed},
		{"good and bad in one", body, []string{good + "," + good}, SignatureMalformed},
		{"huge", body, []string{"sha256=" + strings.Repeat("a", 1<<20)}, SignatureMalformed},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			in, count := &memory{}, &counter{}
			h := handler(t, in, Options{Metrics: count},
				Source{Name: "jira", Secrets: secrets(secretA)}, Source{Name: "jira", Site: "b", Secrets: secrets("site b")})
			var log bytes.Buffer
			r := request("/webhook/jira", tt.body)
			r.Header["X-Hub-Signature"] = tt.values
			if tt.values == nil {
				delete(r.Header, "X-Hub-Signature")
			}
			r = r.WithContext(zerolog.New(&log).WithContext(r.Context()))
			w := do(h, r)
			if w.Code != http.StatusUnauthorized {
				t.Errorf("status %d", w.Code)
			}
			if a := decode(t, w); a.Error != "the delivery could not be verified" {
				t.Errorf("answer %+v", a)
			}
			if len(in.deliveries()) != 0 {
				t.Error("something was stored")
			}
			if count.get(tt.want) != 1 {
				t.Errorf("counted %v, want %s", count.n, tt.want)
			}
			if lines := strings.Count(log.String(), "\n"); lines != 1 || strings.Contains(log.String(), good[7:]) {
				t.Errorf("log: %s", log.String())
			}
		})
	}
}

func flip(s string, i int) string {
	b := []byte(s)
	if b[i] == '0' {
		b[i] = '1'
	} else {
		b[i] = '0'
	}
	return string(b)
}

func TestStrongerMethodsAreAccepted(t *testing.T) {
	for i, signature := range []string{sign(secretA, "{}"), sign384(secretA, "{}"), sign512(secretA, "{}")} {
		w := do(handler(t, &memory{}, Options{}), request("/webhook/jira", "{}", "X-Hub-Signature", signature))
		if w.Code != http.StatusOK {
			t.Errorf("%d: status %d", i, w.Code)
		}
	}
}

func TestSignatureOfOneSiteDoesNotOpenAnother(t *testing.T) {
	in := &memory{}
	h := handler(t, in, Options{}, Source{Name: "jira", Site: "a", Secrets: secrets(secretA)}, Source{Name: "jira", Site: "b", Secrets: secrets(secretB)})
	for _, tt := range []struct {
		path, secret string
		want         int
	}{
		{"/webhook/jira/a", secretA, 200}, {"/webhook/jira/b", secretB, 200},
		{"/webhook/jira/a", secretB, 401}, {"/webhook/jira/b", secretA, 401},
	} {
		w := do(h, request(tt.path, "{}", "X-Hub-Signature", sign(tt.secret, "{}"), "X-Atlassian-Webhook-Identifier", "same"))
		if w.Code != tt.want {
			t.Errorf("%s with %s: status %d", tt.path, tt.secret, w.Code)
		}
	}
	if n := len(in.deliveries()); n != 2 {
		t.Errorf("%d deliveries, want one per site though their identifiers are the same", n)
	}
}

func TestNamesOfAllMatchingSecretsAreStored(t *testing.T) {
	list := []NamedSecret{{"OLD", secretB}, {"NEW", secretA}, {"UNSET", ""}, {"TRIGGER", secretA}, {"NEW", secretA}}
	in := &memory{}
	h := handler(t, in, Options{}, Source{Name: "jira", Secrets: func() []NamedSecret { return list }})
	for i, tt := range []struct {
		secret string
		want   []string
	}{{secretA, []string{"NEW", "TRIGGER"}}, {secretB, []string{"OLD"}}} {
		if w := do(h, request("/webhook/jira", "{}", "X-Hub-Signature", sign(tt.secret, "{}"), "X-Atlassian-Webhook-Identifier", id(i))); w.Code != 200 {
			t.Fatalf("status %d", w.Code)
		}
		if diff := cmp.Diff(tt.want, in.deliveries()[i].SignedBy); diff != "" {
			t.Error(diff)
		}
	}
	list = slices.DeleteFunc(list, func(s NamedSecret) bool { return s.Name == "OLD" })
	if w := do(h, request("/webhook/jira", "{}", "X-Hub-Signature", sign(secretB, "{}"))); w.Code != 401 {
		t.Errorf("a removed secret still opens: %d", w.Code)
	}
}

func TestWithoutSecretNothingIsAccepted(t *testing.T) {
	for name, source := range map[string]func() []NamedSecret{"none": secrets(), "empty": secrets("", "")} {
		for _, key := range []string{"", "x"} {
			count := &counter{}
			h := handler(t, &memory{}, Options{Metrics: count}, Source{Name: "jira", Secrets: source, Tokens: source})
			if w := do(h, request("/webhook/jira", "{}", "X-Hub-Signature", sign(key, "{}"))); w.Code != 401 || count.get(NoSecret) != 1 {
				t.Errorf("%s: status %d, %v", name, w.Code, count.n)
			}
			if w := do(h, request("/webhook/jira", "{}", "X-Webhook-Token", key)); w.Code != 401 {
				t.Errorf("%s: status %d", name, w.Code)
			}
		}
	}
}

func TestOtherHeaderNamesAreConfigurable(t *testing.T) {
	in := &memory{}
	h := handler(t, in, Options{}, Source{Name: "github", Secrets: secrets(secretA), SignatureHeader: "x-hub-signature-256", IdentityHeader: "X-GitHub-Delivery"})
	w := do(h, request("/webhook/github", "{}", "X-Hub-Signature-256", sign(secretA, "{}"), "X-Hub-Signature", "sha1=00", "X-GitHub-Delivery", "guid", "X-GitHub-Event", "push"))
	if w.Code != 200 {
		t.Fatalf("status %d", w.Code)
	}
	d := in.deliveries()[0]
	if d.Key != "id:guid" || d.Headers["X-Github-Event"] != "push" {
		t.Errorf("stored %+v", d)
	}
	if w := do(h, request("/webhook/github", "{}", "X-Hub-Signature", sign(secretA, "{}"))); w.Code != 401 {
		t.Errorf("the other header was looked at: %d", w.Code)
	}
}

func TestStaticTokenOpensOnlyWhereConfigured(t *testing.T) {
	const token = "static token"
	with := Source{Name: "jira", Site: "with", Secrets: secrets(secretA), Tokens: secrets(token)}
	without := Source{Name: "jira", Site: "without", Secrets: secrets(secretA)}
	tests := []struct {
		name    string
		path    string
		headers []string
		want    int
	}{
		{"own header", "/webhook/jira/with", []string{"X-Webhook-Token", token}, 200},
		{"bearer", "/webhook/jira/with", []string{"Authorization", "bearer " + token}, 200},
		{"not configured", "/webhook/jira/without", []string{"X-Webhook-Token", token}, 401},
		{"wrong", "/webhook/jira/with", []string{"X-Webhook-Token", token + "x"}, 401},
		{"empty", "/webhook/jira/with", []string{"X-Webhook-Token", ""}, 401},
		{"basic", "/webhook/jira/with", []string{"Authorization", "Basic " + token}, 401},
		{"both", "/webhook/jira/with", []string{"X-Webhook-Token", token, "Authorization", "Bearer " + token}, 401},
		{"doubled", "/webhook/jira/with", []string{"X-Webhook-Token", token, "X-Webhook-Token", token}, 401},
		{"signing secret as token", "/webhook/jira/with", []string{"X-Webhook-Token", secretA}, 401},
		{"in the signature header", "/webhook/jira/with", []string{"X-Hub-Signature", token}, 401},
		{"beside a wrong signature", "/webhook/jira/with", []string{"X-Webhook-Token", token, "X-Hub-Signature", sign(secretB, "{}")}, 401},
	}
	for _, tt := range tests {
		in := &memory{}
		w := do(handler(t, in, Options{}, with, without), request(tt.path, "{}", tt.headers...))
		if w.Code != tt.want {
			t.Errorf("%s: status %d", tt.name, w.Code)
		}
		for _, d := range in.deliveries() {
			for name, value := range d.Headers {
				if strings.Contains(value, token) {
					t.Errorf("%s: the token was stored in %s", tt.name, name)
				}
			}
		}
	}
}

func FuzzParseSignature(f *testing.F) {
	f.Add("sha256=a4771c39fbe90f317c7824e83ddef3caae9cb3d976c214ace1f2937e133263c9")
	f.Add("sha1=00")
	f.Add("=")
	f.Add(sign512("k", "b"))
	f.Fuzz(func(t *testing.T, text string) {
		s, result := parseSignature(text)
		if result != Accepted {
			return
		}
		if s.matches(secretA, []byte("body")) && text != sign(secretA, "body") && text != sign384(secretA, "body") && text != sign512(secretA, "body") {
			t.Errorf("%q matches", text)
		}
	})
}

func FuzzHandler(f *testing.F) {
	f.Add("/webhook/jira", "POST", sign(secretA, "{}"), "identifier", "", "{}")
	f.Add("/webhook/jira/", "POST", sign(secretA, ""), "", "identity", "")
	f.Add("/webhook/jira/../x", "GET", "sha256=", "\x00", "gzip", "\xff")
	f.Fuzz(func(t *testing.T, path, method, signature, identifier, encoding, body string) {
		in := &memory{}
		h := handler(t, in, Options{MaxBodyBytes: 1 << 10})
		r := request("/", body, "X-Hub-Signature", signature, "X-Atlassian-Webhook-Identifier", identifier)
		r.URL.Path, r.Method = path, method
		if encoding != "" {
			r.Header.Set("Content-Encoding", encoding)
		}
		w := do(h, r)
		if w.Code != 404 {
			decode(t, w)
		}
		good := signature == sign(secretA, body) || signature == sign384(secretA, body) || signature == sign512(secretA, body)
		stored := in.deliveries()
		if (w.Code == 200) != (len(stored) == 1) || (w.Code == 200 && !good) {
			t.Fatalf("status %d with %d stored, signature good: %v", w.Code, len(stored), good)
		}
		if w.Code == 200 && (string(stored[0].Body) != body || !strings.Contains(stored[0].Key, ":")) {
			t.Fatalf("stored %+v", stored[0])
		}
		if h.bodies.first.used.Load() != 0 || h.bodies.rest.used.Load() != 0 {
			t.Fatal("memory still counted")
		}
	})
}

var _ Appender = (*inbox.Inbox)(nil)
