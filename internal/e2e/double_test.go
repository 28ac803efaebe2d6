package e2e

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/aofctl/aofctl/internal/sandbox/double"
	"github.com/aofctl/aofctl/internal/step"
	"github.com/aofctl/aofctl/internal/store"
)

// outage answers as a model that starts work on the issue and then says so, and
// lets one model be out of service.
func outage(out, key string) string {
	return fmt.Sprintf(`{"fixtures": [
	{"match": {"model": %q}, "response": {"error": {"message": "No key is good enough", "type": "authentication_error"}, "status": 401}},
	{"match": {"hasToolResult": true}, "response": {"content": "I am done with it.", "usage": {"input_tokens": 1000, "output_tokens": 100,
		"prompt_tokens": 1000, "completion_tokens": 100, "total_tokens": 1100}}},
	{"match": {"hasToolResult": false}, "response": {"toolCalls": [{"name": "jira_transition_issue", "arguments": {"issue_key": %q, "transition": "In Progress"}}],
		"usage": {"input_tokens": 500, "output_tokens": 50, "prompt_tokens": 500, "completion_tokens": 50, "total_tokens": 550}}}
]}`, out, key)
}

// TestTheDaemonWorksWithAModelThatOthersStandInFor lets the built daemon do a
// command's work with models as others play them: Anthropic's, after Google's
// refused, and OpenAI's through the Responses API.
func TestTheDaemonWorksWithAModelThatOthersStandInFor(t *testing.T) {
	w := newWorld(t)
	key := w.story("FEAT")
	others := double.Start(t, outage("gemini-2.5-flash", key))
	w.environ["ANTHROPIC_API_KEY"], w.environ["OPENAI_API_KEY"] = "double", "double"
	w.askInstead(fmt.Sprintf("{google: {base_url: %[1]s/v1beta/openai}, anthropic: {base_url: %[1]s}, answers: {type: openai, api: responses, base_url: %[1]s/v1}}", others.URL))
	tests := []struct {
		command, model, more, path, answered string
		cost                                 int64 // micro-dollars by the table for 1500 tokens read and 150 written
	}{
		{"one", "google:gemini-2.5-flash", "  fallbacks: ['anthropic:claude-haiku-4-5']\n", "/v1/messages", "claude-haiku-4-5", 1500 + 150*5},
		{"two", "answers:gpt-4.1", "", "/v1/responses", "gpt-4.1", 1500*2 + 150*8},
	}
	for _, tt := range tests {
		w.write("agents/"+tt.command+".yaml", strings.NewReplacer("mover", tt.command, "google:gemini-2.5-flash", tt.model).Replace(mover(tt.more)))
		w.write("triggers/"+tt.command+".yaml", strings.ReplaceAll(command(tt.command), "agent: echo", "agent: "+tt.command))
	}
	w.start()
	for n, tt := range tests {
		w.comment("alice", key, "/"+tt.command)
		run := w.ended(key, n+1)[n]
		if run.State != store.StateSucceeded || run.Result != "I am done with it." {
			t.Fatalf("%s: run %+v", tt.model, run)
		}
		if run.TokensIn != 1500 || run.TokensOut != 150 || run.CostMicroUSD == nil || *run.CostMicroUSD != tt.cost {
			t.Errorf("%s: %d tokens read, %d written, cost %v; want %d", tt.model, run.TokensIn, run.TokensOut, run.CostMicroUSD, tt.cost)
		}
		asked, err := others.Asked()
		if err != nil || !slices.Contains(asked, tt.path) {
			t.Errorf("%s: the double was asked at %q: %v", tt.model, asked, err)
		}
		for i, e := range w.run(run.ID).StepList {
			if e.Kind == step.KindModel && !strings.HasPrefix(e.Model, tt.answered) {
				t.Errorf("%s: step %d says that %s answered", tt.model, i, e.Model)
			}
		}
		if replies := w.replies(key); w.status(key) != "In Progress" || len(replies) != n+1 || !strings.Contains(replies[n], "I am done with it.") {
			t.Errorf("%s: the issue is %s, replies %q", tt.model, w.status(key), replies)
		}
	}
}

// askInstead has the daemon ask other providers than the sandbox's.
func (w *world) askInstead(providers string) {
	w.t.Helper()
	text, err := os.ReadFile(filepath.Join(w.dir, "daemon.yaml"))
	if err != nil {
		w.t.Fatal(err)
	}
	before, after, found := strings.Cut(string(text), "  models: ")
	_, after, more := strings.Cut(after, "\n")
	if !found || !more {
		w.t.Fatalf("the configuration has no models:\n%s", text)
	}
	w.write("daemon.yaml", before+"  models: {providers: "+providers+"}\n"+after)
}
