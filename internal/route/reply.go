package route

import (
	"strings"

	"github.com/aofctl/aofctl/internal/manifest"
)

// helpCommand is the command that every trigger with commands has.
const helpCommand = "help"

const (
	maxMenu        = 50  // commands that /help lists
	maxDescription = 200 // bytes of each one's description
)

// menuItem is a command that /help lists.
type menuItem struct{ name, description string }

// helping reports whether the text asks for help and no trigger has a command of
// its own for that.
func (q *query) helping() bool {
	if q.plain {
		return false
	}
	for i, c := range q.commands() {
		if q.slots[i].Trigger == nil && c.asksForHelp() {
			return true
		}
	}
	return false
}

// asksForHelp: a mention may be followed by talk about help.
func (c *Command) asksForHelp() bool {
	return c.Words[0] == helpCommand && (c.Slash || len(c.Words) == 1)
}

// addMenu puts a trigger's commands on the list.
func (q *query) addMenu(e *entry) {
	for _, name := range e.commands.order {
		if len(q.menu) == maxMenu {
			return
		}
		listed := false
		for _, item := range q.menu {
			listed = listed || item.name == name
		}
		if !listed {
			q.menu = append(q.menu, menuItem{name, e.commands.byName[name].Description})
		}
	}
}

// answer puts what was found for each command in order, with the replies that
// need no target.
func (q *query) answer() {
	if len(q.out.Matches) > 0 || len(q.commands()) == 0 {
		return
	}
	q.help()
	if at, found := q.suggest(); found {
		q.slots[at] = q.reply(ReplyUnknown, q.corrector, unknownText(q.out.Unknown), q.replyClaim(ReplyUnknown))
		q.out.Claims = append(q.out.Claims, q.slots[at].Claim)
	}
	for _, m := range q.slots {
		if m.Trigger != nil {
			q.out.Matches = append(q.out.Matches, m)
		}
	}
}

// help answers the first request for help; one that is repeated gets no more.
func (q *query) help() {
	if q.voice == nil {
		return
	}
	for i, c := range q.commands() {
		if q.slots[i].Trigger == nil && c.asksForHelp() {
			q.slots[i] = q.reply(ReplyHelp, q.voice, helpText(q.menu), q.claim(i))
			return
		}
	}
}

func (q *query) reply(name string, trigger *manifest.Trigger, text, claim string) Match {
	return Match{Trigger: trigger, Target: manifest.Target{Kind: TargetReply, Name: name}, Response: text, Claim: claim}
}

func helpText(menu []menuItem) string {
	var b strings.Builder
	b.WriteString("You can use these commands here, each at the beginning of a line:\n\n")
	for _, item := range menu {
		b.WriteString("- `/" + item.name + "`")
		if text := strings.Join(strings.Fields(item.description), " "); text != "" {
			b.WriteString(" – " + clipText(text, maxDescription))
		}
		b.WriteString("\n")
	}
	b.WriteString("- `/help` – This list\n")
	return b.String()
}

func unknownText(list []UnknownCommand) string {
	var lines []string
	for _, u := range list {
		line := "There is no command `/" + u.Name + "` here."
		if len(u.Nearest) > 0 {
			line += " Did you mean `/" + strings.Join(u.Nearest, "`, `/") + "`?"
		}
		lines = append(lines, line)
	}
	return strings.Join(lines, "\n\n") + "\n\n`/help` lists what there is."
}
