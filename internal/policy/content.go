package policy

import (
	"bytes"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"unicode"
)

// content looks at what would leave. Reading calls are looked at for secrets and
// size: a search term leaves as well as a comment does. What writes is also looked
// at for what has an effect on those who read it.
func (p *Policy) content(req Request, set string, writes bool) (rule, reason string) {
	args := req.Call.Args
	if p.on(RuleSize) && len(args) > p.limits.MaxBytes {
		return RuleSize, fmt.Sprintf("the arguments have %d bytes, the limit is %d", len(args), p.limits.MaxBytes)
	}
	if p.on(RuleSecret) && p.secrets.Load().in(args) {
		return RuleSecret, "the arguments hold a secret of this daemon, which must not leave it"
	}
	if !writes {
		return "", ""
	}
	k := p.knowledge(req)
	for _, t := range textsOf(args) {
		if t.namesAddress() {
			continue
		}
		if name := macroIn(t.value); name != "" && p.on(RuleMacro) {
			return RuleMacro, fmt.Sprintf("the text holds the macro {%s}, which shows or runs something else where it is read; write plain Markdown", name)
		}
		if who := p.mentionIn(t, set, k); who != "" && p.on(RuleMention) {
			return RuleMention, fmt.Sprintf("the text mentions %q, who is not on this issue; write about people without mentioning them", shorten(who))
		}
		if link := p.linkIn(t.value, set, k); link != "" && p.on(RuleLink) {
			return RuleLink, fmt.Sprintf("the text links to %q, which stands neither in the data of this run nor on an allowed host; "+
				"leave it out, or quote an address exactly as the data have it, with a space after it", shorten(link))
		}
	}
	return "", ""
}

// Vet tells whether a text in Markdown may leave for people on Jira, by the rules
// that hold for what tools write there; "" if none objects. Of the request only
// Call.Origin, Trusted and Prior count.
func (p *Policy) Vet(req Request, markdown string) (rule, reason string) {
	args, err := json.Marshal(map[string]string{"body": markdown})
	if err != nil {
		return RuleSize, "the text cannot be written as JSON" // a string always can
	}
	req.Call.Args = args
	return p.content(req, "jira", true)
}

// text is one string of the arguments, and the name of the argument.
type text struct{ key, value string }

// namesAddress reports whether an argument is nothing but an e-mail address, by
// which tools find people, and none that people will read.
func (t text) namesAddress() bool {
	prose := []string{"body", "comment", "description", "summary", "text", "title"}
	return !slices.Contains(prose, t.key) && mailAddress.MatchString(strings.TrimSpace(t.value))
}

// textsOf returns every string of the arguments, names included. What is not JSON
// is one text.
func textsOf(args json.RawMessage) []text {
	decoder := json.NewDecoder(bytes.NewReader(args))
	decoder.UseNumber()
	var v any
	if decoder.Decode(&v) != nil {
		return []text{{value: string(args)}}
	}
	return collect(nil, "", v)
}

func collect(list []text, key string, v any) []text {
	switch v := v.(type) {
	case string:
		if v != "" {
			list = append(list, text{key, v})
		}
	case []any:
		for _, item := range v {
			list = collect(list, key, item)
		}
	case map[string]any:
		for name, item := range v {
			list = append(list, text{value: name})
			list = collect(list, name, item)
		}
	}
	return list
}

func shorten(s string) string {
	const most = 120
	s = strings.Join(strings.Fields(squeezeInvisible(s)), " ")
	if runes := []rune(s); len(runes) > most {
		return string(runes[:most]) + "…"
	}
	return s
}

// Defuse makes text harmless that the program itself posts but others wrote, such
// as an error: what could become a link, a mention or a macro is broken up.
func Defuse(s string) string {
	s = strings.Map(func(r rune) rune {
		if plain := visible(string(r)); r > unicode.MaxASCII && (plain == "." || plain == "" || strings.ContainsAny(plain, ":/\\@[]{}&%|")) {
			return ' '
		}
		return r
	}, s)
	s = strings.NewReplacer("@", "(at)", "[", "(", "]", ")", "{", "(", "}", ")", "&", "+", "|", "/", "%", " percent ", "\\", "/").Replace(s)
	for strings.Contains(s, "//") {
		s = strings.ReplaceAll(s, "//", "/ /")
	}
	s = tightColon.ReplaceAllString(s, "$1: $2")
	return anyWWW.ReplaceAllString(s, "www ")
}
