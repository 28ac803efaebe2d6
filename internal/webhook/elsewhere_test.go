package webhook

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"
)

func signature256(secret, body string) string {
	mac := hmac.New(sha256.New, []byte(secret))
	mac.Write([]byte(body))
	return "sha256=" + hex.EncodeToString(mac.Sum(nil))
}

func TestASourceWithoutIdentitiesTakesTheSameBodyAgainLater(t *testing.T) {
	s := Source{Repeats: true}
	now := time.Date(2026, 3, 2, 9, 4, 0, 0, time.UTC)
	body := []byte(`{}`)
	first := s.identity(nil, body, now)
	if again := s.identity(nil, body, now.Add(5*time.Minute)); again != first {
		t.Errorf("repeated: %s, %s", first, again)
	}
	if later := s.identity(nil, body, now.Add(24*time.Hour)); later == first {
		t.Error("the same body of the next day is a repetition")
	}
	if a, b := s.identity([]string{"k"}, body, now), s.identity([]string{"k"}, []byte("[]"), now.Add(time.Hour)); a != b || a != "id:k" {
		t.Errorf("with an identity: %s, %s", a, b)
	}
	if plain := (&Source{}).identity(nil, body, now); strings.Contains(plain, "@") {
		t.Errorf("a platform's body is %s", plain)
	}
}

func TestEitherSignatureHeaderIsTakenAndNeverBothHalfway(t *testing.T) {
	const body = `{"a":1}`
	s := Source{Name: "http", SignatureHeader: "X-Hub-Signature-256", OtherSignatureHeader: "X-Hub-Signature",
		Secrets: func() []NamedSecret { return []NamedSecret{{Name: "S", Value: "secret"}} }}.withDefaults()
	good, bad := signature256("secret", body), signature256("other", body)
	for _, c := range []struct {
		first, other string
		want         Result
	}{{good, "", Accepted}, {"", good, Accepted}, {good, bad, Accepted}, {bad, good, SignatureWrong}, {"", bad, SignatureWrong}, {"", "", SignatureMissing}} {
		h := map[string][]string{}
		if c.first != "" {
			h["X-Hub-Signature-256"] = []string{c.first}
		}
		if c.other != "" {
			h["X-Hub-Signature"] = []string{c.other}
		}
		if _, got := s.verify(h, []byte(body)); got != c.want {
			t.Errorf("%v: %s, want %s", c, got, c.want)
		}
	}
}

func TestTheEventOfAPathIsKeptAndIdentifiesABody(t *testing.T) {
	body := []byte(`{"page_id":"1"}`)
	request := httptest.NewRequest(http.MethodPost, "/webhook/confluence/page_updated", strings.NewReader(string(body)))
	request.Header.Set(EventHeader, "page_removed")
	updated := delivery(&Source{Name: "confluence", Event: "page_updated"}, request, body, nil)
	moved := delivery(&Source{Name: "confluence", Event: "page_moved"}, request, body, nil)
	plain := delivery(&Source{Name: "confluence"}, request, body, nil)
	if updated.Headers[EventHeader] != "page_updated" || plain.Headers[EventHeader] != "" {
		t.Errorf("kept %q and %q", updated.Headers[EventHeader], plain.Headers[EventHeader])
	}
	if updated.Key == moved.Key || updated.Key == plain.Key {
		t.Errorf("one identity for several events: %s, %s, %s", updated.Key, moved.Key, plain.Key)
	}
	named := Source{Event: "page_updated"}
	if got := named.identity([]string{"k"}, body, time.Now()); got != "id:k" {
		t.Errorf("with an identity of its own it is %s", got)
	}
}
