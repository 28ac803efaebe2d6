package duty

import (
	"context"
	"encoding/json"
	"strings"

	"github.com/aofctl/aofctl/internal/a2a"
	"github.com/aofctl/aofctl/internal/agent"
)

// answerArtifact is the id of the artifact that holds the answer.
const answerArtifact = "answer"

// nothingSaid stands for an answer without text: people see that the work is done.
const nothingSaid = "Done."

// answerOf is the answer in Markdown. JSON stands in a block of code.
func answerOf(r agent.Result) string {
	switch {
	case len(r.Value) > 0 && (r.Text == "" || json.Valid([]byte(r.Text))):
		return "```json\n" + indented(r.Value) + "\n```"
	case r.Text == "":
		return nothingSaid
	}
	return r.Text
}

// Note implements gate.User.
func (d *Duty) Note(markdown string) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.notes = append(d.notes, markdown)
}

// noted is the answer with what is to be told besides, which is told once.
func (d *Duty) noted(answer string) string {
	d.mu.Lock()
	defer d.mu.Unlock()
	texts := append([]string{answer}, d.notes...)
	d.notes = nil
	return strings.Join(texts, "\n\n")
}

// publish adds the answer as an artifact. Programs look there for results: A2A 1.0,
// section 3.7, wants them in artifacts and not in messages. Jira shows the message
// of the last status, where the answer stands too, so that people there get an
// artifact for values alone.
func (d *Duty) publish(ctx context.Context, id string, r agent.Result, text string) error {
	a := a2a.Artifact{ID: answerArtifact, Name: answerArtifact}
	switch {
	case len(r.Value) > 0 && json.Valid(r.Value):
		p := a2a.DataOf(r.Value)
		p.MediaType = "application/json"
		a.Parts = []a2a.Part{p}
	case d.cfg.Caller.Jira || r.Text == "":
		return nil
	default:
		p := a2a.TextOf(text)
		p.MediaType = "text/markdown"
		a.Parts = []a2a.Part{p}
	}
	return d.cfg.Tasks.AddArtifact(ctx, d.cfg.Task, id+":"+answerArtifact, a2a.ArtifactUpdate{Artifact: a, Last: true})
}
