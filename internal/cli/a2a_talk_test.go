package cli

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/aofctl/aofctl/internal/a2a"
	"github.com/aofctl/aofctl/internal/a2a/client"
)

// scripted is an agent that answers the n-th message with the n-th stream, each a
// list of results, and reads of tasks with the last one.
type scripted struct {
	streams [][]string
	sent    []string
	gets    []string
	// plain refuses to stream.
	plain bool
}

func (s *scripted) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	var req struct {
		ID, Method string
		Params     struct {
			Message struct {
				TaskID, ContextID string
				Parts             []struct{ Text string }
			}
		}
	}
	_ = json.NewDecoder(r.Body).Decode(&req)
	one := func(result string) string { return fmt.Sprintf(`{"jsonrpc":"2.0","id":%q,%s}`, req.ID, result) }
	w.Header().Set("Content-Type", "application/json")
	switch {
	case strings.HasSuffix(req.Method, "Task"):
		next := s.gets[0]
		s.gets = s.gets[1:]
		_, _ = io.WriteString(w, one(next))
		return
	case s.plain && req.Method == "SendStreamingMessage":
		_, _ = io.WriteString(w, one(`"error":{"code":-32004,"message":"no streams"}`))
		return
	}
	m := req.Params.Message
	s.sent = append(s.sent, m.Parts[0].Text+"|"+m.ContextID+"|"+m.TaskID)
	events := s.streams[0]
	s.streams = s.streams[1:]
	if s.plain {
		_, _ = io.WriteString(w, one(events[0]))
		return
	}
	w.Header().Set("Content-Type", "text/event-stream")
	for _, e := range events {
		_, _ = fmt.Fprintf(w, "data: %s\n\n", one(e))
	}
}

func statusOf(state, text string) string {
	return `"result":{"statusUpdate":{"taskId":"t","contextId":"c",` + statusPart(state, text) + `}}`
}

func taskOf(id, state, text string) string {
	return `"result":{"task":{"id":"` + id + `","contextId":"c",` + statusPart(state, text) + `}}`
}

func statusPart(state, text string) string {
	return `"status":{"state":"TASK_STATE_` + state + `","message":{"parts":[{"text":"` + text + `"}]}}`
}

// talkTo is a chat with an agent, of somebody at a terminal who types the lines.
func talkTo(t *testing.T, agent http.Handler, typed string) (*talk, *bytes.Buffer, *bytes.Buffer) {
	t.Helper()
	web := httptest.NewServer(agent)
	hc := &http.Client{Transport: &http.Transport{}}
	t.Cleanup(func() {
		hc.CloseIdleConnections()
		web.Close()
	})
	var out, errOut bytes.Buffer
	c := &console{in: strings.NewReader(typed), out: &out, err: &errOut}
	f := chatFlags{url: web.URL, poll: time.Millisecond, retry: time.Minute}
	return &talk{
		c: c, f: f, calls: &client.Client{URL: web.URL, Dialect: client.Plain10, HTTP: hc}, in: newLineReader(c.in), page: c.page("text"), person: true,
	}, &out, &errOut
}

func TestAPersonIsPromptedUntilThereIsNothingMoreToSay(t *testing.T) {
	agent := &scripted{streams: [][]string{
		{taskOf("t", "SUBMITTED", ""), statusOf("WORKING", "Looking"), statusOf("INPUT_REQUIRED", "Which one?")},
		{taskOf("t", "WORKING", "Thanks"), statusOf("COMPLETED", "That one.")},
		{taskOf("u", "COMPLETED", "Bye.")},
	}}
	chat, out, errOut := talkTo(t, agent, "\nhello\nthe first\nand now?\n")
	chat.prompt = true
	if err := chat.converse(t.Context(), ""); err != nil {
		t.Fatal(err)
	}
	if got, want := strings.Join(agent.sent, " "), "hello|| the first|c|t and now?|c|"; got != want {
		t.Errorf("said %q, want %q", got, want)
	}
	if got, want := out.String(), "Which one?\nThat one.\nBye.\n"; got != want {
		t.Errorf("shown %q, want %q", got, want)
	}
	if n := strings.Count(errOut.String(), "> "); n != 5 || !strings.Contains(errOut.String(), "[working] Looking\n") {
		t.Errorf("beside it %q", errOut)
	}
}

func TestAnAgentThatDoesNotStreamIsAskedAgainAndAgain(t *testing.T) {
	bare := func(state, text string) string {
		return `"result":{"id":"t","contextId":"c",` + statusPart(state, text) + `}`
	}
	agent := &scripted{plain: true, streams: [][]string{{taskOf("t", "SUBMITTED", "")}}, gets: []string{
		bare("WORKING", "Looking"), bare("AUTH_REQUIRED", "Sign in"), bare("FAILED", "No luck"),
	}}
	chat, out, errOut := talkTo(t, agent, "")
	var failed *failure
	if err := chat.converse(t.Context(), "hello"); !errors.As(err, &failed) || failed.code != exitFailure {
		t.Errorf("ended with %v", err)
	}
	if out.String() != "No luck\n" || !strings.Contains(errOut.String(), "[auth-required] Sign in\n[failed]\n") {
		t.Errorf("shown %q, beside it %q", out, errOut)
	}
}

func TestAChunkedAnswerIsShownOnce(t *testing.T) {
	chunk := func(text string, more string) string {
		return `"result":{"artifactUpdate":{"taskId":"t","contextId":"c","append":` + more + `,"artifact":{"artifactId":"a","parts":[{"text":"` + text + `"}]}}}`
	}
	agent := &scripted{streams: [][]string{{taskOf("t", "WORKING", "x"), chunk("All ", "false"), chunk("good.", "true"), statusOf("COMPLETED", "All good.")}}}
	chat, out, _ := talkTo(t, agent, "")
	if err := chat.converse(t.Context(), "hello"); err != nil || out.String() != "All good.\n" {
		t.Errorf("shown %q: %v", out, err)
	}
}

func TestAnswersWithoutATaskAndArtifactsAreShown(t *testing.T) {
	agent := &scripted{streams: [][]string{{`"result":{"message":{"parts":[{"text":"Hello."}]}}`}}}
	chat, out, _ := talkTo(t, agent, "")
	if err := chat.converse(t.Context(), "hello"); err != nil || out.String() != "Hello.\n" {
		t.Errorf("shown %q: %v", out, err)
	}
	out.Reset()
	page := chat.c.page("text")
	page.status(client.Began, client.Task{State: a2a.Completed, Text: "Done.", Artifacts: []client.Artifact{{Text: "A report"}, {Text: "Done."}, {}}})
	if out.String() != "A report\nDone.\n" {
		t.Errorf("shown %q", out)
	}
}

func TestALostConnectionIsTriedAgainForAWhile(t *testing.T) {
	agent := &scripted{streams: [][]string{{taskOf("t", "WORKING", "Looking")}}}
	web := httptest.NewServer(http.NotFoundHandler())
	gone := web.URL
	web.Close()
	chat, _, errOut := talkTo(t, agent, "")
	chat.f.retry, chat.f.noStream = 10*time.Millisecond, true
	chat.task = client.Task{ID: "t", State: a2a.Working}
	chat.calls.URL = gone
	if err := chat.watch(t.Context()); err == nil || !strings.Contains(errOut.String(), "trying again") {
		t.Errorf("ended with %v, said %q", err, errOut)
	}
}

func TestAnInterruptedChatWithoutATaskJustEnds(t *testing.T) {
	chat, _, _ := talkTo(t, &scripted{}, "")
	chat.prompt = true
	chat.in = newLineReader(blocked{t.Context()})
	ctx, stop := context.WithCancel(t.Context())
	stop()
	var failed *failure
	if err := chat.converse(ctx, ""); !errors.As(err, &failed) || failed.code != exitCanceled {
		t.Errorf("ended with %v", err)
	}
}

// blocked is input that never comes.
type blocked struct{ ctx context.Context }

func (b blocked) Read([]byte) (int, error) {
	<-b.ctx.Done()
	return 0, io.EOF
}
