package llm_test

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/aofctl/aofctl/internal/llm"
)

func (p wire) takesTemperature() bool {
	return !strings.Contains(p.model, "gpt-5") && !strings.Contains(p.model, "sonnet-5") || p.provider == "openrouter"
}

func (p wire) usage() llm.Usage {
	if p.api == "" {
		return llm.Usage{In: 100, Out: 10}
	}
	return llm.Usage{In: 100, CachedIn: 50, CacheWriteIn: 30, Out: 10}
}

func TestEveryProviderTakesAConversationWithToolsAndRestarts(t *testing.T) {
	for _, p := range wires() {
		t.Run(p.provider+"_"+p.model, func(t *testing.T) {
			server := p.serve(t)
			req := llm.Request{
				System: "Be brief.", Messages: []llm.Message{{Role: llm.User, Text: "triage PROJ-1"}},
				Tools: []llm.ToolSpec{{Name: "finish"}, tool("jira_get_issue"), tool("jira_search")}, MaxTokens: 100,
			}
			if p.takesTemperature() {
				req.Temperature = ptr(0.2)
			}
			var asked []string
			for range 3 {
				resp, err := open(t, p.provider, p.model, server.URL, llm.Options{}).Complete(t.Context(), req)
				if err != nil {
					t.Fatal(err)
				}
				if resp.Usage != p.usage() || resp.Model != p.model || resp.Truncated {
					t.Errorf("answer %+v", resp)
				}
				for _, c := range resp.Message.ToolCalls {
					asked = append(asked, c.Name+string(c.Args))
				}
				req.Messages = throughJournal(t, answerCalls(req.Messages, resp.Message))
			}
			want := []string{`jira_get_issue{"issue_key":"PROJ-1"}`, `jira_search{}`, `jira_get_issue{"issue_key":"PROJ-2"}`}
			if diff := cmp.Diff(want, asked); diff != "" {
				t.Error(diff)
			}
			if last := req.Messages[len(req.Messages)-1]; last.Text != "All done." {
				t.Errorf("last message %+v", last)
			}
		})
	}
}

// A fallback hands the transcript of one provider to another.
func TestEveryProviderTakesTheTranscriptOfEveryOther(t *testing.T) {
	for _, from := range wires() {
		req := llm.Request{Messages: []llm.Message{{Role: llm.User, Text: "triage PROJ-1"}}}
		first := from.serve(t)
		for range 2 {
			resp, err := open(t, from.provider, from.model, first.URL, llm.Options{}).Complete(t.Context(), req)
			if err != nil {
				t.Fatal(err)
			}
			req.Messages = throughJournal(t, answerCalls(req.Messages, resp.Message))
		}
		for _, to := range wires() {
			switch to.provider {
			case "openrouter", "gateway":
				continue // their fakes want back what only they could have made
			}
			second := to.serve(t)
			if _, err := open(t, to.provider, to.model, second.URL, llm.Options{}).Complete(t.Context(), req); err != nil {
				t.Errorf("from %s to %s: %v", from.provider, to.provider, err)
			}
		}
	}
}

func TestEveryProvidersRefusalsAreTold(t *testing.T) {
	kinds := []struct {
		status    int
		kind      llm.Kind
		temporary bool
	}{
		{400, llm.KindInvalid, false}, {401, llm.KindAuth, false}, {402, llm.KindQuota, false}, {403, llm.KindAuth, false}, {404, llm.KindNotFound, false},
		{408, llm.KindTimeout, true}, {409, llm.KindUnavailable, true}, {413, llm.KindTooLong, false}, {422, llm.KindInvalid, false}, {425, llm.KindUnavailable, true},
		{429, llm.KindRateLimit, true}, {500, llm.KindUnavailable, true}, {502, llm.KindUnavailable, true}, {503, llm.KindOverloaded, true}, {504, llm.KindTimeout, true},
		{529, llm.KindOverloaded, true}, {599, llm.KindUnavailable, true},
	}
	for _, p := range wires() {
		for _, k := range kinds {
			server := record(t, func(_ []byte, w http.ResponseWriter) {
				w.Header().Set("Retry-After", "3")
				w.WriteHeader(k.status)
				_, _ = w.Write([]byte(p.fault(k.status, "because of X")))
			})
			_, err := open(t, p.provider, p.model, server.URL, llm.Options{}).Complete(t.Context(), hello())
			e := wantError(t, err, k.kind, k.status, k.temporary, "because of X")
			if e.RetryAfter != 3*time.Second || e.Ref != p.provider+":"+p.model {
				t.Errorf("%s: %+v", p.provider, e)
			}
		}
	}
}
