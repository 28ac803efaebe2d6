package confluence

import (
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
)

// received is what a receiver of webhooks got.
type received struct {
	path, signature, token, body string
}

// receiver keeps what it is sent.
func receiver(t *testing.T) (url string, got func() []received) {
	t.Helper()
	var mu sync.Mutex
	var list []received
	web := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		raw, _ := io.ReadAll(r.Body)
		mu.Lock()
		defer mu.Unlock()
		list = append(list, received{r.URL.Path, r.Header.Get("X-Hub-Signature"), r.Header.Get("X-Webhook-Token"), string(raw)})
	}))
	t.Cleanup(web.Close)
	return web.URL, func() []received {
		mu.Lock()
		defer mu.Unlock()
		return append([]received(nil), list...)
	}
}

// live does one of everything and returns the page.
func live(t *testing.T, s *site) string {
	t.Helper()
	p := s.page("P", "<p>1</p>")
	for _, err := range []error{
		s.As("bob").EditPage(p, "<p>2</p>", "why"), s.As("bob").Label(p, "plan"), s.As("bob").Attach(p, "a.txt", "text/plain", []byte("x")),
	} {
		if err != nil {
			t.Fatal(err)
		}
	}
	if _, err := s.As("bob").Comment(p, "<p>c</p>"); err != nil {
		t.Fatal(err)
	}
	if err := s.As("alice").TrashPage(p); err != nil {
		t.Fatal(err)
	}
	s.settle()
	return p
}

func TestWebhooksOfDataCenterTellIdsAndAreSigned(t *testing.T) {
	s := newSite(t, Options{Kind: DataCenter})
	url, got := receiver(t)
	events := []string{"page_created", "page_updated", "comment_created", "label_added", "page_trashed"}
	if _, err := s.Register(Webhook{Name: "n", URL: url + "/hook", Secret: "It's a Secret", Events: events}); err != nil {
		t.Fatal(err)
	}
	p := live(t, s)
	var names []string
	for _, one := range got() {
		var body map[string]any
		if err := json.Unmarshal([]byte(one.body), &body); err != nil {
			t.Fatal(err)
		}
		name, _ := body["event"].(string)
		names = append(names, name)
		if one.signature != Sign("It's a Secret", []byte(one.body)) || one.path != "/hook" {
			t.Errorf("%+v", one)
		}
		if strings.Contains(one.body, "title") || body["userKey"] == "" || body["timestamp"] == nil {
			t.Errorf("%s", one.body)
		}
		id, _ := json.Marshal(dig(body, "page", "id"))
		if strings.HasPrefix(name, "page_") && string(id) != p {
			t.Errorf("%s", one.body)
		}
	}
	if want := "page_created page_updated label_added comment_created page_trashed"; strings.Join(names, " ") != want {
		t.Errorf("events %v", names)
	}
	if n := len(s.Attempts()); n != 5 || s.Attempts()[0].Status != 200 {
		t.Errorf("%d attempts: %+v", n, s.Attempts())
	}
}

func TestSignaturesAreThoseOfTheDocumentation(t *testing.T) {
	want := "sha256=a4771c39fbe90f317c7824e83ddef3caae9cb3d976c214ace1f2937e133263c9"
	if got := Sign("It's a Secret to Everybody", []byte("Hello World!")); got != want {
		t.Error(got)
	}
}

func TestRulesOfCloudTellTheEventInTheirAddress(t *testing.T) {
	s := newSite(t, Options{})
	url, got := receiver(t)
	if err := s.AddRule(Rule{URL: url + "/webhook/confluence/{event}", Header: "X-Webhook-Token", Token: "tok", Events: []string{"page_updated", "comment_created"}}); err != nil {
		t.Fatal(err)
	}
	p := live(t, s)
	list := got()
	if len(list) != 2 || list[0].path != "/webhook/confluence/page_updated" || list[1].path != "/webhook/confluence/comment_created" {
		t.Fatalf("%+v", list)
	}
	for _, one := range list {
		if one.token != "tok" || one.signature != "" || strings.Contains(one.body, `"event"`) || !strings.Contains(one.body, `"spaceKey":"DOC"`) || !strings.Contains(one.body, p) {
			t.Errorf("%+v", one)
		}
	}
}

func TestEachKindHasItsOwnWayToTell(t *testing.T) {
	cloud, dc := newSite(t, Options{}), newSite(t, Options{Kind: DataCenter})
	if _, err := cloud.Register(Webhook{URL: "http://127.0.0.1:1"}); err == nil {
		t.Error("a webhook of Cloud")
	}
	if err := dc.AddRule(Rule{}); err == nil {
		t.Error("a rule of Data Center")
	}
	if _, err := dc.Register(Webhook{URL: "http://127.0.0.1:1", Events: []string{"page_eaten"}}); err == nil {
		t.Error("an event that is not known")
	}
}

func TestAReceiverThatIsAwayIsNotedAndNotAskedAgain(t *testing.T) {
	s := newSite(t, Options{Kind: DataCenter})
	if _, err := s.Register(Webhook{URL: "http://127.0.0.1:1/x", Events: []string{"page_created"}}); err != nil {
		t.Fatal(err)
	}
	s.page("P", "")
	s.settle()
	if list := s.Attempts(); len(list) != 1 || list[0].Status != 0 || list[0].Error == "" {
		t.Errorf("%+v", list)
	}
}
