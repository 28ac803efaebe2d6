package cli

import (
	"net/http"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestPayloadsAreSentAsTheirPlatformsDo(t *testing.T) {
	const hub = `{"action":"opened","pull_request":{},"repository":{"full_name":"a/b"}}`
	const sum = "sha256="
	for name, c := range map[string]struct {
		p    parcel
		body string
		url  string
		want []string // the headers beside the content type
	}{
		"of Jira":                      {parcel{}, `{"webhookEvent":"x"}`, "http://127.0.0.1:3000/webhook/jira", []string{"X-Hub-Signature"}},
		"of Jira, named":               {parcel{identifier: "1"}, `{}`, "http://127.0.0.1:3000/webhook/jira", []string{"X-Atlassian-Webhook-Identifier", "X-Hub-Signature"}},
		"of GitHub, guessed":           {parcel{identifier: "1"}, hub, "http://127.0.0.1:3000/webhook/github", []string{"X-Github-Delivery", "X-Github-Event", "X-Hub-Signature-256"}},
		"of GitHub, told":              {parcel{event: "push"}, `{}`, "http://127.0.0.1:3000/webhook/github", []string{"X-Github-Event", "X-Hub-Signature-256"}},
		"of Confluence, guessed":       {parcel{}, `{"event":"page_updated","userKey":"k","page":{"id":1}}`, "http://127.0.0.1:3000/webhook/confluence", []string{"X-Hub-Signature"}},
		"of Confluence Cloud":          {parcel{event: "page_updated", tokenEnv: "T"}, `{"userAccountId":"a","page":{"id":1}}`, "http://127.0.0.1:3000/webhook/confluence/page_updated", []string{"Authorization"}},
		"of a rule of ours":            {parcel{url: "http://h/webhook/confluence/x", identifier: "1"}, `{"page_id":"1"}`, "http://h/webhook/confluence/x", []string{"X-Atlassian-Webhook-Identifier", "X-Hub-Signature"}},
		"to an HTTP trigger":           {parcel{url: "http://h/webhook/http/x", identifier: "1"}, hub, "http://h/webhook/http/x", []string{"Idempotency-Key", "X-Hub-Signature-256"}},
		"to an HTTP trigger, by token": {parcel{url: "http://h/webhook/http/x", tokenEnv: "T"}, `{}`, "http://h/webhook/http/x", []string{"Authorization"}},
	} {
		p, h := c.p.completed([]byte(c.body)), http.Header{}
		p.seal(h, "secret", []byte(c.body))
		if p.url != c.url {
			t.Errorf("%s: to %s", name, p.url)
		}
		got := map[string]bool{}
		for header := range h {
			got[header] = true
		}
		want := map[string]bool{"Content-Type": true}
		for _, header := range c.want {
			want[header] = true
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
		if s := h.Get("X-Hub-Signature-256"); s != "" && s[:len(sum)] != sum {
			t.Errorf("%s: signed %s", name, s)
		}
	}
}
