package rovo

import (
	"slices"

	"github.com/tidwall/gjson"

	"github.com/aofctl/aofctl/internal/a2a"
)

// event checks one event of a stream, and its place in it: the task or a message
// comes first, and nothing after the end.
func (c *strict) event(r gjson.Result, s *streamed) {
	kinds := []string{"task", "message", "statusUpdate", "artifactUpdate"}
	found := slices.DeleteFunc(kinds, func(name string) bool { return !r.Get(name).Exists() })
	if !c.object("result", r, "", "task message statusUpdate artifactUpdate") || len(found) != 1 {
		c.say("result", "has not exactly one of task, message, statusUpdate and artifactUpdate")
		return
	}
	kind, inner, first := found[0], r.Get(found[0]), s.taskID == "" && !s.over
	switch {
	case s.over:
		c.say("the stream", "goes on after its end, with a %s", kind)
	case first && kind != "task" && kind != "message":
		c.say("the stream", "begins with a %s, not with the task", kind)
	case !first && kind == "task":
		c.say("the stream", "has the task a second time")
	}
	at := "result." + kind
	switch kind {
	case "task":
		c.task(at, inner)
		s.taskID, s.contextID = inner.Get("id").Str, inner.Get("contextId").Str
		s.over = len(c.tasks) > 0 && c.tasks[0].state.Terminal()
	case "message":
		c.message(at, inner, "agent", inner.Get("taskId").Str, inner.Get("contextId").Str)
		s.over = true
	case "statusUpdate":
		c.statusUpdate(at, inner, s)
	case "artifactUpdate":
		c.artifactUpdate(at, inner, s)
	}
}

// statusUpdate checks a status. In the early dialect its text stands beside the
// status, and final says whether it is the last one.
func (c *strict) statusUpdate(at string, r gjson.Result, s *streamed) {
	required, optional := "taskId contextId status", "metadata"
	if c.eap() {
		required, optional = required+" kind final", optional+" message"
	}
	if !c.object(at, r, required, optional) {
		return
	}
	c.belongs(at, r, s)
	state := c.status(at+".status", r.Get("status"), s.taskID, s.contextID)
	c.tasks = append(c.tasks, told{id: s.taskID, state: state})
	s.over = state.Terminal()
	text := r.Get("status")
	if c.eap() {
		c.beside(at, r, state, s)
		text = r
	}
	if state.Settled() {
		c.explained(at, gjson.Parse(`{"message":`+orNull(text.Get("message").Raw)+`}`))
	}
}

// beside checks what the early dialect alone has.
func (c *strict) beside(at string, r gjson.Result, state a2a.State, s *streamed) {
	c.exactly(at+".kind", r.Get("kind"), "status-update")
	if final := r.Get("final"); !final.IsBool() || final.Bool() != state.Terminal() {
		c.say(at+".final", "is %s in the state %s", final.Raw, state)
	}
	outer, inner := r.Get("message"), r.Get("status.message")
	switch {
	case outer.Exists():
		c.message(at+".message", outer, "agent", s.taskID, s.contextID)
		if inner.Exists() && !sameText(outer, inner) {
			c.say(at+".message", "says something else than the status")
		}
	case inner.Exists():
		c.say(at+".message", "is missing: Jira does not look into the status")
	}
}

func (c *strict) artifactUpdate(at string, r gjson.Result, s *streamed) {
	required := "taskId contextId artifact"
	if c.eap() {
		required += " kind"
	}
	if c.object(at, r, required, "append lastChunk metadata") {
		c.exactly(at+".kind", r.Get("kind"), "artifact-update")
		c.belongs(at, r, s)
		c.artifact(at+".artifact", r.Get("artifact"))
	}
}

// belongs checks that an event is of the stream's task.
func (c *strict) belongs(at string, r gjson.Result, s *streamed) {
	c.exactly(at+".taskId", r.Get("taskId"), s.taskID)
	c.exactly(at+".contextId", r.Get("contextId"), s.contextID)
}

func orNull(raw string) string {
	if raw == "" {
		return "null"
	}
	return raw
}
