package duty

import (
	"bytes"
	"encoding/json"
	"fmt"
	"mime"
	"strings"

	"github.com/aofctl/aofctl/internal/a2a"
	"github.com/aofctl/aofctl/internal/agent"
	"github.com/aofctl/aofctl/internal/event"
	"github.com/aofctl/aofctl/internal/prompt"
	"github.com/aofctl/aofctl/internal/route"
)

// wordsOf is what the sender of a message says in their own words: what they wrote
// in the chat, or in the comment in which they named the agent, without what they
// quote there; else the message's text. What Jira itself says ("A user has assigned
// you to a work item.") is nobody's words.
func wordsOf(caller a2a.Caller, msg a2a.Message) string {
	text := strings.TrimSpace(msg.Text())
	inv, found := msg.Invocation()
	if !caller.Jira || !found {
		return text
	}
	if inv.Chat != "" {
		return strings.TrimSpace(inv.Chat)
	}
	if generic(text) {
		text = ""
	}
	// A comment is the user's if Jira says that it is the user who speaks.
	if inv.CommentBody != "" && (inv.UserAccountID == "" || inv.UserAccountID == caller.Account) {
		if own := route.OwnWords(inv.CommentBody); own != "" {
			return own
		}
	}
	return text
}

// generic reports whether a text is one of Jira's own, such as "A user has mentioned
// you in a comment."
// https://developer.atlassian.com/cloud/jira/platform/remote-agents/
func generic(text string) bool {
	const longest = 120
	return strings.HasPrefix(text, "A user has ") && len(text) <= longest && !strings.Contains(text, "\n")
}

// Request is what the agent is asked for: the user's own words, else what they did.
func Request(ev *event.Event) string {
	if words := ev.String("request"); words != "" {
		return words
	}
	switch ev.Type {
	case TypeAssigned:
		return "I assigned you to the work item of this event. Work on it, as your instructions say."
	case TypeMentioned:
		return "I mentioned you in the comment of this event. Do what you are there for."
	}
	return "I sent you the data of this event. Do what you are there for."
}

// materialOf are the data that came with a message, for the model. They are
// untrusted. The members that events have as variables are among them.
func materialOf(msg a2a.Message) []agent.Material {
	var list []agent.Material
	room, left := maxShown, 0
	for _, p := range msg.Parts {
		m := material(p)
		switch {
		case m.Text == "":
		case len(list) == maxParts || room <= 0:
			left++
		default:
			m.Text = prompt.Cap(m.Text, min(room, prompt.DefaultMaxText))
			room -= len(m.Text)
			list = append(list, m)
		}
	}
	if left > 0 {
		list = append(list, agent.Material{Origin: "data of the message", Text: fmt.Sprintf("(%d more parts are left out)", left)})
	}
	return list
}

// Of one message so many parts, and so many characters of them, are shown to a
// model: what is more would fill its context, at the operator's cost.
const maxParts, maxShown = 20, 64_000

func material(p a2a.Part) agent.Material {
	switch p.Kind {
	case a2a.DataPart:
		return agent.Material{Origin: "data of the message", Text: indented(p.Data)}
	case a2a.BytesPart:
		if readable(p) {
			return agent.Material{Origin: named("file", p.Filename), Text: clean(string(p.Bytes))}
		}
		return agent.Material{Origin: named("file", p.Filename),
			Text: fmt.Sprintf("(a file of %d bytes, %s, which cannot be shown here)", len(p.Bytes), kind(p))}
	case a2a.URLPart:
		return agent.Material{Origin: named("file", p.Filename), Text: fmt.Sprintf("(a file at %s, %s; it was not fetched)", clean(p.URL), kind(p))}
	case a2a.TextPart:
	}
	return agent.Material{}
}

// readable reports whether a file is a text.
func readable(p a2a.Part) bool {
	media, _, _ := mime.ParseMediaType(p.MediaType)
	switch media {
	case "application/json", "application/xml", "application/yaml", "application/x-yaml", "application/toml":
		return true
	}
	return strings.HasPrefix(media, "text/")
}

func kind(p a2a.Part) string {
	media, _, err := mime.ParseMediaType(p.MediaType)
	if err != nil || media == "" {
		return "of unknown type"
	}
	return media
}

func named(what, name string) string {
	if name = strings.TrimSpace(clean(name)); name == "" {
		return what
	}
	return what + " " + name
}

// indented writes data as people do; what is no JSON stays as it is.
func indented(data json.RawMessage) string {
	if event.NestedDeeper(data, maxNesting) || len(data) > maxData {
		return "(the data are too large, or nested too deeply, to be shown)"
	}
	var b bytes.Buffer
	if json.Indent(&b, data, "", " ") != nil {
		return clean(string(data))
	}
	return clean(b.String())
}
