package http_test

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/aofctl/aofctl/internal/event/http"
)

func TestABodyIsHandedOnAsItIs(t *testing.T) {
	ev, err := http.Normalize([]byte(`{"ticket":"PROJ-1","n":42,"f":1.5,"list":[1,{"a":null}],"big":123456789012345678901234567890,"huge":1e999}`), "deployed")
	if err != nil {
		t.Fatal(err)
	}
	want := map[string]any{"event_type": "http", "trigger": "deployed", "body": map[string]any{
		"ticket": "PROJ-1", "n": int64(42), "f": 1.5, "list": []any{int64(1), map[string]any{"a": nil}}, "big": 1.2345678901234568e+29, "huge": "1e999"}}
	if diff := cmp.Diff(want, ev.Vars); diff != "" {
		t.Errorf("variables (-want +got):\n%s", diff)
	}
	if ev.Source != "http" || ev.Site != "deployed" || ev.Subject != "" || !cmp.Equal(ev.Also, []string{"trigger/deployed"}) {
		t.Errorf("event %+v", ev)
	}
	for body, reason := range map[string]string{"": "empty", "[1]": "not an object", "nope": "not JSON", `{"a":"` + strings.Repeat("x", 2<<20) + `"}`: "HTTP triggers take"} {
		if _, err := http.Normalize([]byte(body), "deployed"); err == nil || !strings.Contains(err.Error(), reason) {
			t.Errorf("%.20q: %v, want %q", body, err, reason)
		}
	}
}

func FuzzNormalize(f *testing.F) {
	f.Add([]byte(`{"a":1e999,"b":[{}],"a":2}`))
	f.Fuzz(func(t *testing.T, body []byte) {
		ev, err := http.Normalize(body, "x")
		if err != nil {
			return
		}
		if _, err := json.Marshal(ev); err != nil {
			t.Fatal(err)
		}
	})
}
