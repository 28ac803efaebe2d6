package manifest

import (
	"regexp"
	"slices"
	"strings"
)

var commandName = regexp.MustCompile(`^[\p{L}\p{N}][\p{L}\p{N}_-]*( [\p{L}\p{N}][\p{L}\p{N}_-]*)*$`)

// commands adds what a mapping or list of commands says to the trigger.
func (b *builder) commands(t *Trigger, list commandList) {
	for _, e := range list.entries {
		if b.builtin(e) {
			continue
		}
		c := b.command(e)
		if name := t.eventName(e.key); b.isEventKey(t, e.key, name) {
			b.eventTarget(t, e, name, c)
			continue
		}
		c.Name = strings.ToLower(strings.Join(strings.Fields(strings.TrimLeft(strings.TrimSpace(e.key), "/")), " "))
		switch {
		case !commandName.MatchString(c.Name):
			b.errorf(e.pos, "%q is not a command: it is made of words of letters, digits, dashes and underscores", shorten(e.key))
		case slices.ContainsFunc(t.Commands, func(o Command) bool { return o.Name == c.Name }):
			b.errorf(e.pos, "command /%s is given twice", c.Name)
		default:
			t.Commands = append(t.Commands, c)
		}
	}
}

func (b *builder) command(e entry[commandDecl]) Command {
	decl := e.value
	c := Command{
		Target:      b.target("", decl.Agent, decl.Fleet, decl.Flow),
		Description: decl.Description.value,
		Response:    decl.Response.value,
	}
	if decl.Agent.absent() && decl.Fleet.absent() && decl.Flow.absent() {
		b.errorf(e.pos, "command %q runs nothing: give agent, fleet or flow", shorten(e.key))
	}
	b.checkTemplate(decl.Response)
	for _, p := range decl.Params.entries {
		if c.Params == nil {
			c.Params = map[string]any{}
		}
		c.Params[p.key] = p.value.value
	}
	return c
}

// builtin leaves AOF's built-in menus out: /help lists the commands anyway.
func (b *builder) builtin(e entry[commandDecl]) bool {
	if e.value.Agent.value != "builtin" {
		return false
	}
	if strings.EqualFold(strings.Trim(e.key, "/ "), "help") {
		return true
	}
	b.warnf(e.value.Agent.pos, "agent \"builtin\" is not offered by this version: command %q is left out", shorten(e.key))
	return true
}

// isEventKey reports whether a command's key is an event's name, as AOF allows.
func (b *builder) isEventKey(t *Trigger, key, name string) bool {
	if strings.HasPrefix(strings.TrimSpace(key), "/") {
		return false
	}
	return slices.Contains(t.sent(), name) || slices.Contains(t.Events, name) || strings.Contains(name, ".")
}

// eventName is an event's name as events of the trigger's platform carry it.
func (t *Trigger) eventName(key string) string {
	if t.Type == TypeGitHub {
		return githubEvent(key)
	}
	return eventName(key)
}

// sent are the events of the trigger's platform.
func (t *Trigger) sent() []string {
	switch t.Type {
	case TypeGitHub:
		return githubEvents()
	case TypeConfluence:
		return confluenceEvents()
	}
	return jiraEvents()
}

// sends reports whether the trigger's platform has such an event.
func (t *Trigger) sends(name string) bool {
	if t.Type == TypeGitHub {
		return sentByGitHub(name)
	}
	return slices.Contains(t.sent(), name)
}

func (b *builder) eventTarget(t *Trigger, e entry[commandDecl], name string, c Command) {
	if t.EventTargets == nil {
		t.EventTargets = map[string]Command{}
	}
	if _, twice := t.EventTargets[name]; twice {
		b.errorf(e.pos, "event %s is given twice", shorten(name))
		return
	}
	switch {
	case !t.sends(name):
		b.warnf(e.pos, "%s sends no event %q%s", typeNames()[t.Type], shorten(e.key), meant(name, t.sent()))
	case !anyMatches(t.Events, name) && !anyMatches(t.Events, strings.SplitN(name, ".", 2)[0]):
		b.warnf(e.pos, "event %s never gets here: the trigger's events leave it out", name)
	}
	c.Name = name
	t.EventTargets[name] = c
}
