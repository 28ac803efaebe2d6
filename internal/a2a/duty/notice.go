package duty

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/aofctl/aofctl/internal/a2a"
	"github.com/aofctl/aofctl/internal/step"
)

// retrying is the kind of notices about a step that is tried again, whose Text is
// the step's own kind.
const retrying step.Kind = "retry"

// longPause is from when on people are told that the run lets time pass.
const longPause = 10 * time.Second

// notice tells the user what a step does. A step has few notices, each told once.
func (d *Duty) notice(ctx context.Context, id string, n step.Notice) {
	text := d.sentence(n)
	if text == "" {
		return
	}
	if n.Text != "" && n.Kind == step.KindModel {
		id += ":said"
	}
	d.tell(ctx, id, status(a2a.Working, labelled(n.Agent, text)))
}

// sentence is what people are told; "" for nothing.
func (d *Duty) sentence(n step.Notice) string {
	switch n.Kind {
	case step.KindModel:
		return d.thought(n)
	case step.KindTool:
		return doing(n.Name, n.Input)
	case step.KindEnrich:
		return "Looking at the work item"
	case retrying:
		return d.busy(n)
	}
	return ""
}

// thought is what an agent says beside its calls, else that it thinks. The first
// call of a turn is not told: what the user sees by then says more.
func (d *Duty) thought(n step.Notice) string {
	if n.Text != "" {
		return n.Text
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	if !d.begun {
		d.begun = true
		return ""
	}
	return "Thinking"
}

func (d *Duty) busy(n step.Notice) string {
	switch step.Kind(n.Text) {
	case step.KindModel:
		return "The language model is busy; trying again"
	case step.KindTool:
		return service(n.Name) + " is busy or cannot be reached; trying again"
	}
	return "Jira is busy or cannot be reached; trying again"
}

// pause tells that the run lets time pass.
func (d *Duty) pause(ctx context.Context, p step.Pause) {
	if p.Within >= longPause {
		d.tell(ctx, "pause:"+p.For, status(a2a.Working, "Going on in "+about(p.Within)))
	}
}

// about is a duration as people say it.
func about(t time.Duration) string {
	switch {
	case t < 2*time.Minute:
		return fmt.Sprintf("%d seconds", int(t.Round(time.Second).Seconds()))
	case t < 2*time.Hour:
		return fmt.Sprintf("%d minutes", int(t.Round(time.Minute).Minutes()))
	case t < 48*time.Hour:
		return fmt.Sprintf("%d hours", int(t.Round(time.Hour).Hours()))
	}
	return fmt.Sprintf("%d days", int(t.Hours())/24)
}

// labelled names the member that does something.
func labelled(label, text string) string {
	if label == "" {
		return text
	}
	return "**" + plain(label) + "**: " + text
}

// plain is a text within a line of Markdown, as it is: it cannot end code, link,
// mention or format anything.
func plain(text string) string {
	text = strings.Map(func(r rune) rune {
		if strings.ContainsRune("*_`[]<>|\\#~@{}", r) {
			return ' '
		}
		return r
	}, text)
	return clip(text, maxName)
}
