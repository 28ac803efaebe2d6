package model

import (
	"encoding/json"
	"strings"
)

// conversation is a request as the rules see it.
type conversation struct {
	system, user, results string
	turn                  int
	available             map[string]bool
	called                map[string]bool
	made                  map[string]bool
	answered              map[string]bool
	values                map[string]any
	lowered               map[scope]string
}

// converse reads a request that was checked.
func converse(req *chatRequest) *conversation {
	c := &conversation{
		turn: 1, available: map[string]bool{}, called: map[string]bool{}, made: map[string]bool{},
		answered: map[string]bool{}, values: map[string]any{}, lowered: map[scope]string{},
	}
	for _, t := range req.Tools {
		c.available[t.Function.Name] = true
	}
	var system, user, results []string
	names := map[string]string{}
	for _, m := range req.Messages {
		switch m.Role {
		case "system", "developer":
			system = append(system, m.text)
		case "user":
			user = append(user, m.text)
			clear(c.answered)
		case "assistant":
			c.turn++
			clear(c.answered)
			for _, call := range m.ToolCalls {
				names[call.ID] = call.Function.Name
				c.called[call.Function.Name] = true
				c.made[madeKey(call.Function.Name, json.RawMessage(call.Function.Arguments))] = true
			}
		case "tool":
			results = append(results, m.text)
			c.answered[names[m.ToolCallID]] = true
		}
	}
	c.system, c.user, c.results = strings.Join(system, "\n"), strings.Join(user, "\n"), strings.Join(results, "\n")
	return c
}

// madeKey tells calls apart by tool and arguments, whatever the order of keys.
func madeKey(tool string, args json.RawMessage) string {
	var v any
	if json.Unmarshal(args, &v) == nil {
		if sorted, err := json.Marshal(v); err == nil {
			args = sorted
		}
	}
	return tool + " " + string(args)
}

// text gives the part of the conversation that a scope means.
func (c *conversation) text(s scope) string {
	switch s {
	case scopeSystem:
		return c.system
	case scopeResults:
		return c.results
	case scopeData:
		return c.user + "\n" + c.results
	case scopeAll:
		return c.system + "\n" + c.user
	default:
		return c.user
	}
}

// lower is text in lower case.
func (c *conversation) lower(s scope) string {
	low, ok := c.lowered[s]
	if !ok {
		low = strings.ToLower(c.text(s))
		c.lowered[s] = low
	}
	return low
}

// maxSystemValue bounds ${system}.
const maxSystemValue = 500

// value gives a value of the rules' let; false if it is missing.
func (c *conversation) value(r *Rules, name string) (any, bool) {
	if name == systemValue {
		return strings.ToValidUTF8(c.system[:min(len(c.system), maxSystemValue)], ""), c.system != ""
	}
	v, ok := c.values[name]
	if !ok {
		v = r.let[name].of(c)
		c.values[name] = v
	}
	return v, v != nil
}

// reply is what a rule answers.
type reply struct {
	rule  string
	unfit bool
	say   string
	calls []replyCall
}

type replyCall struct {
	tool string
	args json.RawMessage
}

// answer gives the reply of the first rule that applies.
func (r *Rules) answer(c *conversation) reply {
	for _, rule := range r.rules {
		if !rule.when.holds(c) {
			continue
		}
		if out, ok := rule.reply(r, c); ok {
			return out
		}
	}
	return reply{unfit: true, say: "I am the sandbox's scripted model, and none of my rules fits this conversation."}
}

// reply fills a rule in; false if it does not apply after all.
func (r *rule) reply(rules *Rules, c *conversation) (reply, bool) {
	get := func(name string) (any, bool) { return c.value(rules, name) }
	out := reply{rule: r.name}
	if r.says {
		say, ok := expand(r.say, get)
		if !ok {
			return reply{}, false
		}
		out.say = asText(say)
	}
	fresh := len(r.calls) == 0
	for _, call := range r.calls {
		args, ok := fill(call.args, get)
		if !ok {
			return reply{}, false
		}
		raw, err := json.Marshal(args)
		if err != nil {
			return reply{}, false
		}
		fresh = fresh || !c.made[madeKey(call.tool, raw)]
		out.calls = append(out.calls, replyCall{call.tool, raw})
	}
	return out, fresh
}
