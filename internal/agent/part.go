package agent

import (
	"context"
	"crypto/sha256"
	"fmt"
	"math/rand/v2"
	"strings"

	"github.com/aofctl/aofctl/internal/llm"
	"github.com/aofctl/aofctl/internal/prompt"
)

// instructions are the agent's own, and the brief of the larger job below them.
func instructions(job Job) string {
	if job.Brief == "" {
		return job.Agent.Instructions
	}
	return strings.TrimRight(job.Agent.Instructions, "\n") + "\n\n" + job.Brief
}

// withPart adds to the data of the event what the job has as a part of a larger
// one. What others found out is marked as the event's data are; a user's request and
// the task are not, since the agent is to do them.
func withPart(text prompt.Prompt, job Job) prompt.Prompt {
	if job.Task == "" && job.Request == "" && len(job.Material) == 0 {
		return text
	}
	boundary, err := prompt.NewBoundary(rand.NewChaCha8(sha256.Sum256([]byte(job.Seed + "\x00material"))))
	if err != nil {
		return text // this source has no end
	}
	blocks := []string{text.User}
	for _, m := range job.Material {
		blocks = append(blocks, prompt.Untrusted(m.Origin, prompt.Cap(m.Text, prompt.DefaultMaxText), boundary))
	}
	if job.Request != "" {
		blocks = append(blocks, requestHeading+prompt.Cap(prompt.Defuse(job.Request, boundary), prompt.DefaultMaxText))
	}
	if job.Task != "" {
		blocks = append(blocks, "Your task: "+prompt.Defuse(job.Task, boundary))
	}
	text.User = strings.Join(blocks, "\n")
	return text
}

// locals returns the local tool that the first of the calls asks for, and how
// many calls of it stand next to each other; the last of a cut answer is not
// among them. It returns 0 if the first call is for another kind of tool.
func (l *loop) locals(calls []llm.ToolCall, cut bool) (Local, int) {
	for _, local := range l.job.Local {
		n := 0
		for n < len(calls) && calls[n].Name == local.Spec.Name && (!cut || n < len(calls)-1) {
			n++
		}
		if n > 0 {
			return local, n
		}
	}
	return Local{}, 0
}

// serveLocal has calls served by the tool's owner, and gives the results to the
// model.
func (l *loop) serveLocal(ctx context.Context, local Local, calls []llm.ToolCall) error {
	texts, err := local.Serve(ctx, l.journal, calls)
	if err != nil {
		return fmt.Errorf("call %s: %w", local.Spec.Name, err)
	}
	for i, call := range calls {
		text := "(no result)"
		if i < len(texts) && texts[i] != "" {
			text = texts[i]
		}
		l.hear(call, text)
	}
	return nil
}
