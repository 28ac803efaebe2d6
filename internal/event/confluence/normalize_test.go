package confluence_test

import (
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/aofctl/aofctl/internal/event"
	"github.com/aofctl/aofctl/internal/event/confluence"
)

func read(t *testing.T, name, body string) *event.Event {
	t.Helper()
	ev, err := confluence.Normalize(confluence.Payload{Event: name, Body: []byte(body)})
	if err != nil {
		t.Fatalf("%s: %v", body, err)
	}
	return ev
}

func TestEachPayloadBecomesItsEvent(t *testing.T) {
	for name, c := range map[string]struct {
		event, body string
		want        event.Event
	}{
		"an edit of Data Center": {
			body: `{"timestamp":1768466302123,"event":"page_updated","userKey":"ff80808192b0a1ce","page":{"id":1015810},"updateTrigger":"edit_page"}`,
			want: event.Event{Type: "page_updated", Subject: "page:1015810", Actor: event.Actor{Key: "ff80808192b0a1ce"}, ContentKey: "page_updated:page:1015810:1768466302123",
				Vars: map[string]any{"page_id": "1015810", "user_key": "ff80808192b0a1ce", "user_account_id": "ff80808192b0a1ce", "update_trigger": "edit_page"}},
		},
		"a new page of Data Center": {
			body: `{"timestamp":1768466302123,"event":"page_created","userKey":"k","page":{"id":1015810}}`,
			want: event.Event{Type: "page_created", Subject: "page:1015810", Actor: event.Actor{Key: "k"}, ContentKey: "page_created:page:1015810",
				Vars: map[string]any{"page_id": "1015810", "user_key": "k", "user_account_id": "k"}},
		},
		"a comment of Data Center": {
			body: `{"timestamp":1768466302123,"event":"comment_created","userKey":"k","comment":{"id":77}}`,
			want: event.Event{Type: "comment_created", Subject: "comment:77", CommentID: "77", Actor: event.Actor{Key: "k"}, ContentKey: "comment_created:comment:77",
				Vars: map[string]any{"comment_id": "77", "user_key": "k", "user_account_id": "k"}},
		},
		"a label of Data Center": {
			body: `{"timestamp":1768466302123,"event":"label_added","userKey":"k","page":{"id":5},"label":{"id":9}}`,
			want: event.Event{Type: "label_added", Subject: "page:5", Actor: event.Actor{Key: "k"}, ContentKey: "label_added:page:5:label:9:1768466302123",
				Vars: map[string]any{"page_id": "5", "user_key": "k", "user_account_id": "k"}},
		},
		"a blog post": {
			body: `{"timestamp":1768466302123,"event":"blog_created","blog":{"id":6}}`,
			want: event.Event{Type: "blog_created", Subject: "page:6", ContentKey: "blog_created:page:6", Vars: map[string]any{"page_id": "6", "page_type": "blogpost"}},
		},
		"a space": {
			body: `{"timestamp":1768466302123,"event":"space_updated","space":{"key":"~bob","name":"Bob's"}}`,
			want: event.Event{Type: "space_updated", Subject: "space:~bob", ContentKey: "space_updated:space:~bob:1768466302123", Vars: map[string]any{"space_key": "~bob", "space_name": "Bob's"}},
		},
		"an edit of Cloud": {
			event: "page_updated",
			body: `{"userAccountId":"5b10a","accountType":"Atlassian","timestamp":1768466302123,"updateTrigger":"unknown","page":{"id":131,"title":"Login","spaceKey":"DOC","version":3,
				"contentType":"page","self":"https://x.atlassian.net/wiki/spaces/DOC/pages/131","creatorAccountId":"a","lastModifierAccountId":"b","creationDate":1768466302000,"modificationDate":1768466302100}}`,
			want: event.Event{Type: "page_updated", Subject: "page:131", Actor: event.Actor{AccountID: "5b10a", Type: "atlassian"}, ContentKey: "page_updated:page:131:v3",
				Vars: map[string]any{"page_id": "131", "page_title": "Login", "space_key": "DOC", "page_version": int64(3), "page_type": "page", "page_url": "https://x.atlassian.net/wiki/spaces/DOC/pages/131",
					"page_author_id": "a", "page_updater_id": "b", "page_created": "2026-01-15T08:38:22.000Z", "page_updated": "2026-01-15T08:38:22.100Z",
					"user_account_id": "5b10a", "update_trigger": "unknown"}},
		},
		"an answer to a comment of Cloud": {
			event: "comment_created",
			body:  `{"userAccountId":"a","timestamp":1768466302123,"comment":{"id":"77","parent":{"id":"131","title":"Login","contentType":"page","spaceKey":"DOC"},"inReplyTo":{"id":"76"}}}`,
			want: event.Event{Type: "comment_created", Subject: "page:131", CommentID: "77", Actor: event.Actor{AccountID: "a"}, ContentKey: "comment_created:comment:77",
				Vars: map[string]any{"comment_id": "77", "comment_parent_id": "76", "page_id": "131", "page_title": "Login", "page_type": "page", "space_key": "DOC", "user_account_id": "a"}},
		},
		"a file of Cloud": {
			event: "attachment_created",
			body: `{"userAccountId":"a","timestamp":1768466302123,"attachedTo":{"id":131,"spaceKey":"DOC"},
				"attachments":[{"id":"att9","fileName":"a.png","fileSize":12,"contentType":"image/png","creatorAccountId":"a"}]}`,
			want: event.Event{Type: "attachment_created", Subject: "page:131", Actor: event.Actor{AccountID: "a"}, ContentKey: "attachment_created:attachment:att9",
				Vars: map[string]any{"page_id": "131", "space_key": "DOC", "attachment_id": "att9", "attachment_name": "a.png", "attachment_size": int64(12),
					"attachment_mime_type": "image/png", "attachment_author_id": "a", "user_account_id": "a"}},
		},
		"a small body": {
			event: "Page_Published",
			body: `{"page_id":"131","page_title":"Login","space_key":"DOC","page_version":"4","page_labels":["ready",{"name":"spec"}],"page_url":"https://x/131",
				"user_account_id":"a","user_display_name":"Alice","account_type":"app","timestamp":"2026-01-15T08:38:22.123Z","comment_id":""}`,
			want: event.Event{Type: "page_published", Subject: "page:131", Actor: event.Actor{AccountID: "a", DisplayName: "Alice", Type: "app"}, ContentKey: "page_published:page:131:1768466302123",
				Vars: map[string]any{"page_id": "131", "page_title": "Login", "space_key": "DOC", "page_version": int64(4), "page_labels": []string{"ready", "spec"},
					"page_url": "https://x/131", "user_account_id": "a", "user_display_name": "Alice"}},
		},
		"a body that names its event in another's path": {
			event: "page_created",
			body:  `{"event":"page_moved","page":{"id":1}}`,
			want:  event.Event{Type: "page_moved", Subject: "page:1", Vars: map[string]any{"page_id": "1"}},
		},
		"an event that nobody knows": {
			event: "avi:confluence:liked:page",
			body:  `{"x":1}`,
			want:  event.Event{Type: "avi:confluence:liked:page", Vars: map[string]any{}},
		},
		"a test of the connection": {
			event: "page_created",
			body:  `{"test":true}`,
			want:  event.Event{Type: confluence.Ping, Vars: map[string]any{}},
		},
	} {
		t.Run(name, func(t *testing.T) {
			got := read(t, c.event, c.body)
			c.want.Source, c.want.Raw = event.SourceConfluence, json.RawMessage(c.body)
			c.want.Vars["event_type"] = c.want.Type
			if strings.Contains(c.body, "timestamp") {
				c.want.Time = time.UnixMilli(1768466302123).UTC()
				c.want.Vars["timestamp"] = int64(1768466302123)
			}
			if diff := cmp.Diff(&c.want, got); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

func TestWhatIsNoEventIsRefusedWithWhatToDo(t *testing.T) {
	for body, want := range map[string]string{
		"":                      "the body is empty",
		"x":                     "not JSON",
		"[]":                    "not an object",
		`{"page":{"id":1}}`:     "/webhook/confluence/page_updated",
		`{"event":7,"page":{}}`: "",
		`{"event":"` + strings.Repeat("x", 200) + `"}`: `has no "event"`,
		`{"event":"a b"}`: `has no "event"`,
	} {
		_, err := confluence.Normalize(confluence.Payload{Body: []byte(body)})
		if want == "" {
			continue
		}
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%.40q gives %v, want %q", body, err, want)
		}
	}
}

// What a hostile body says of ids, keys and addresses goes into requests and texts.
func TestOddValuesAreNotTold(t *testing.T) {
	ev := read(t, "page_updated", `{"page":{"id":"1/../2","spaceKey":"A B","version":-1,"self":"javascript:alert(1)","title":{"a":1},"labels":"x"},
		"page_id":1e5,"comment":{"id":{"a":1}},"timestamp":"1e99","userAccountId":["a"],"label":{"name":null},"attachments":[7]}`)
	if diff := cmp.Diff(map[string]any{"event_type": "page_updated"}, ev.Vars); diff != "" || ev.Subject != "" || ev.ContentKey != "" || !ev.Actor.IsZero() {
		t.Errorf("%+v (-want +got):\n%s", ev, diff)
	}
}

func TestTwoHappeningsHaveTwoKeys(t *testing.T) {
	seen := map[string]string{}
	for _, body := range []string{
		`{"event":"page_updated","timestamp":1,"page":{"id":1}}`, `{"event":"page_updated","timestamp":2,"page":{"id":1}}`, `{"event":"page_updated","timestamp":1,"page":{"id":2}}`,
		`{"event":"page_moved","timestamp":1,"page":{"id":1}}`, `{"event":"page_updated","timestamp":1,"page":{"id":1,"version":7}}`,
		`{"event":"label_added","timestamp":1,"page":{"id":1},"label":{"name":"a"}}`, `{"event":"label_added","timestamp":1,"page":{"id":1},"label":{"name":"b"}}`,
		`{"event":"comment_updated","timestamp":1,"comment":{"id":1}}`, `{"event":"comment_updated","timestamp":2,"comment":{"id":1}}`,
		`{"event":"comment_removed","timestamp":2,"comment":{"id":1}}`, `{"event":"label_removed","timestamp":1,"page":{"id":1},"label":{"name":"b"}}`,
	} {
		key := read(t, "", body).ContentKey
		if key == "" || seen[key] != "" {
			t.Errorf("%s and %s have the key %q", body, seen[key], key)
		}
		seen[key] = body
	}
	for _, body := range []string{`{"event":"page_updated","page":{"id":1}}`, `{"event":"page_updated","timestamp":5}`} {
		if key := read(t, "", body).ContentKey; key != "" {
			t.Errorf("%s has the key %s, and another may look the same", body, key)
		}
	}
}

func TestMarksOfVersionsAreKnown(t *testing.T) {
	for message, want := range map[string]bool{
		"why (writer, aofctl:0123456789ab)": true, "(aofctl:0123456789ab)": true, "why (writer, aofctl:0123456789ab) ": true,
		"": false, "aofctl:0123": false, "reverts (aofctl:0123456789ab) since it was wrong": false, "xaofctl:0123456789ab": false,
	} {
		if got := confluence.Marked(message); got != want {
			t.Errorf("%q: %v", message, got)
		}
	}
}

func TestBodiesInFilesAreKnownByTheirLooks(t *testing.T) {
	for _, c := range []struct {
		name, body string
		want       bool
	}{
		{"", `{"event":"page_created","userKey":"k","page":{"id":1}}`, true},
		{"", `{"userAccountId":"a","comment":{"id":1}}`, true},
		{"", `{"page_id":"1"}`, true},
		{"", `{"test":true}`, true},
		{"page_updated", `{}`, true},
		{"comment_created", `{}`, true},
		{"page_build", `{}`, false},
		{"pull_request", `{}`, false},
		{"issue_comment", `{}`, false},
		{"", `{"webhookEvent":"comment_created","comment":{"id":1},"userKey":"k"}`, false},
		{"", `{"action":"created","comment":{"id":1}}`, false},
		{"", `x`, false},
	} {
		if got := confluence.OfConfluence(c.name, []byte(c.body)); got != c.want {
			t.Errorf("%s %s: %v", c.name, c.body, got)
		}
	}
}

func FuzzNormalize(f *testing.F) {
	f.Add("", []byte(`{"timestamp":1768466302123,"event":"page_updated","userKey":"ff80","page":{"id":1015810},"updateTrigger":"edit_page"}`))
	f.Add("page_updated", []byte(`{"userAccountId":"a","page":{"id":"1","labels":[{"name":"x"},null,7],"version":{"number":3}},"label":"x"}`))
	f.Add("x", []byte(`{"attachments":[{"id":"att1","fileSize":1e99}],"attachedTo":{"id":1},"space":{"id":7}}`))
	f.Add("", []byte(`{"test":true}`))
	f.Fuzz(func(t *testing.T, name string, body []byte) {
		ev, err := confluence.Normalize(confluence.Payload{Event: name, Body: body})
		_ = confluence.OfConfluence(name, body)
		if err != nil {
			return
		}
		if ev.Type == "" || ev.Type != confluence.EventName(ev.Type) || ev.Vars["event_type"] != ev.Type {
			t.Errorf("type %q, variables %v", ev.Type, ev.Vars)
		}
		for _, name := range event.Names() {
			confluence.Teller(ev, name)
		}
		if _, err := json.Marshal(ev); err != nil {
			t.Error(err)
		}
	})
}
