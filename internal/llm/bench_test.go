package llm_test

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"github.com/aofctl/aofctl/internal/llm"
)

// BenchmarkComplete is what a call takes beside the network: 20 tools, an issue
// of 4 kB and six earlier steps.
func BenchmarkComplete(b *testing.B) {
	p, err := llm.NewProviders(nil, llm.Options{Transport: answering(200, said("ok"), nil), Getenv: allKeys("k")})
	if err != nil {
		b.Fatal(err)
	}
	for _, ref := range []string{"openai:gpt-4.1", "google:gemini-3-pro-preview"} {
		m, err := p.Open(ref)
		if err != nil {
			b.Fatal(err)
		}
		req := benchRequest()
		b.Run(ref, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if _, err := m.Complete(b.Context(), req); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

func benchRequest() llm.Request {
	req := llm.Request{System: strings.Repeat("Triage with care. ", 50), Temperature: new(float64)}
	req.Messages = []llm.Message{{Role: llm.User, Text: strings.Repeat("The page is broken. ", 200)}}
	for i := range 6 {
		id := fmt.Sprintf("call_%d", i)
		req.Messages = append(req.Messages,
			llm.Message{Role: llm.Assistant, ToolCalls: []llm.ToolCall{{ID: id, Name: "tool0", Args: json.RawMessage(`{"issue_key":"PROJ-1"}`)}}},
			llm.Message{Role: llm.ToolRole, ToolCallID: id, ToolName: "tool0", Text: strings.Repeat("result ", 40)})
	}
	for i := range 20 {
		req.Tools = append(req.Tools, tool(fmt.Sprintf("tool%d", i)))
	}
	return req
}
