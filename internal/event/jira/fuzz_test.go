package jira_test

import (
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/aofctl/aofctl/internal/event/jira"
)

func FuzzNormalize(f *testing.F) {
	files, _ := filepath.Glob("testdata/*.json")
	for _, file := range files {
		if body, err := os.ReadFile(file); err == nil {
			f.Add(body)
		}
	}
	for _, seed := range []string{
		"", "{}", "[]", "null", `{"webhookEvent":"x"}`, "{\"webhookEvent\":\"x\",\"a\":\"\xff\"}",
		`{"webhookEvent":"jira:issue_updated","comment":{"properties":{"aofctl":1},"self":"/issue/1/comment/2"}}`,
		`{"webhookEvent":"x","issue":{"fields":{"customfield_1":[[[1e999]]],"labels":"a,b","comment":{"comments":[{}],"total":1}}}}`,
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		ev, err := jira.Normalize(body, jira.Options{BaseURL: "https://x.net", WikiToMarkdown: upper, ADFToMarkdown: adf})
		if err != nil {
			var not *jira.NotEventError
			if !errors.As(err, &not) || ev != nil {
				t.Fatalf("event %v, err %v", ev, err)
			}
			return
		}
		checkInvariants(t, ev)
		encoded, err := json.Marshal(ev)
		if err != nil {
			t.Fatal(err)
		}
		if !utf8.Valid(encoded) || strings.Contains(string(encoded), `\u0000`) && !strings.Contains(string(encoded), `\\u0000`) {
			t.Fatalf("cannot be stored: %s", encoded)
		}
		ev.Metadata()
	})
}
