package forgeapp

import (
	"regexp"
	"slices"
	"strings"
	"unicode/utf8"
)

// connector is how Jira shows an agent.
func (b *builder) connector(a Agent) AgentConnector {
	if !keyPattern.MatchString(a.Name) {
		b.errorf(a.Source, "the name %q cannot be a key of Forge's, which has letters, digits, - and _ only: rename it, or leave it out of platforms.a2a.agents", a.Name)
	}
	if a.Pages {
		b.warnf(a.Source, "%s has tools for Confluence: they are refused in what users ask of it in Jira, whose tokens are good for Jira alone, "+
			"and the app asks for none of Confluence's scopes", a.Name)
	}
	return AgentConnector{
		Key: a.Name, Name: b.title(a), Description: b.description(a), Icon: b.icon(a), ConversationStarters: b.starters(a),
		ProductContexts: []string{"jira"},
		// Jira itself polls or streams: it is never called back.
		Protocols: Protocols{Agent2Agent{Version: "1.0", JSONRPCTransport: Transport{Endpoint: endpointKey(a.Name), Streaming: true}}},
	}
}

func (b *builder) title(a Agent) string {
	name := oneLine(a.Title)
	if name == "" {
		name = title(a.Name)
	}
	short, was := cut(name, maxName)
	if was {
		b.warnf(a.Source, "the name %q has more than the %d characters that Jira shows: cut to %q; annotation %s gives another one", name, maxName, short, AnnotationName)
	}
	return short
}

func (b *builder) description(a Agent) string {
	text := oneLine(a.Description)
	short, was := cut(text, maxDescription)
	switch {
	case text == "":
		b.warnf(a.Source, "%s has no description: people who choose an agent will not know what it is for", a.Name)
	case was:
		b.warnf(a.Source, "the description of %s has more than %d characters: cut at %q", a.Name, maxDescription, lastWords(short))
	}
	return short
}

// lastWords is the end of a text that was cut.
func lastWords(text string) string {
	const enough = 30
	if n := utf8.RuneCountInString(text); n > enough {
		text = "…" + string([]rune(text)[n-enough:])
	}
	return text
}

var iconFile = regexp.MustCompile(`^[A-Za-z0-9_][A-Za-z0-9._-]*(/[A-Za-z0-9_][A-Za-z0-9._-]*)*\.(svg|png)$`)

// icon is an address, or a file of the resource with the icons.
func (b *builder) icon(a Agent) string {
	icon := strings.TrimSpace(a.Icon)
	switch {
	case icon == "":
		icon = "agent.svg"
	case strings.HasPrefix(icon, "https://") && len(icon) <= maxIcon:
		return icon
	case !iconFile.MatchString(icon):
		b.errorf(a.Source, "the icon of %s must be an .svg or .png file in static/icons of the app, or an https address of at most %d characters, found %q", a.Name, maxIcon, icon)
	}
	icon = "resource:" + iconsKey + ";" + icon
	if len(icon) > maxIcon {
		b.errorf(a.Source, "the icon of %s has a path of more than %d characters", a.Name, maxIcon)
	}
	return icon
}

func (b *builder) starters(a Agent) []string {
	var list []string
	for _, text := range a.Starters {
		text = oneLine(text)
		short, was := cut(text, maxStarter)
		if was {
			b.warnf(a.Source, "a conversation starter of %s has more than %d characters: cut to %q", a.Name, maxStarter, short)
		}
		if short != "" && !slices.Contains(list, short) {
			list = append(list, short)
		}
	}
	if len(list) > maxStarters {
		b.warnf(a.Source, "%s has %d conversation starters: Jira shows the first %d", a.Name, len(list), maxStarters)
		list = list[:maxStarters]
	}
	return list
}
