package policy_test

import (
	"encoding/json"
	"regexp"
	"strings"
	"testing"

	"github.com/aofctl/aofctl/internal/markup"
	"github.com/aofctl/aofctl/internal/markup/storage"
	"github.com/aofctl/aofctl/internal/policy"
)

// strict is a request without any data: nobody and no address is known.
func strict(text string) policy.Request {
	req := saying("say", text)
	req.Trusted, req.Call.Origin.Texts, req.Call.Origin.People = nil, nil, nil
	req.Call.Origin.Actor.AccountID, req.Call.Origin.Actor.Name = "", ""
	return req
}

// drawn is what our converters make of a text: the mentions, and the targets of
// links and images.
func drawn(t testing.TB, text string) (people, links []string) {
	t.Helper()
	raw, err := markup.MarkdownToADF(text)
	if err != nil {
		t.Fatal(err)
	}
	var doc any
	if err := json.Unmarshal(raw, &doc); err != nil {
		t.Fatal(err)
	}
	walk(doc, func(node map[string]any) {
		attrs, _ := node["attrs"].(map[string]any)
		switch node["type"] {
		case "mention":
			people = append(people, attrs["id"].(string))
		case "link":
			links = append(links, attrs["href"].(string))
		case "media", "inlineCard", "blockCard", "embedCard":
			if url, ok := attrs["url"].(string); ok {
				links = append(links, url)
			}
		}
	})
	page := markup.MarkdownToStorage(text, storage.Options{})
	for _, m := range regexp.MustCompile(`<a href="([^"]*)"|<ri:url ri:value="([^"]*)"`).FindAllStringSubmatch(page, -1) {
		links = append(links, m[1]+m[2])
	}
	for _, m := range regexp.MustCompile(`ri:(?:account-id|username)="([^"]*)"`).FindAllStringSubmatch(page, -1) {
		people = append(people, m[1])
	}
	return people, links
}

func walk(v any, visit func(map[string]any)) {
	switch v := v.(type) {
	case map[string]any:
		visit(v)
		for _, child := range v {
			walk(child, visit)
		}
	case []any:
		for _, child := range v {
			walk(child, visit)
		}
	}
}

// scheme is how an address begins that is not relative to another.
var scheme = regexp.MustCompile(`^[a-z][a-z0-9+.-]*:`)

// outward are the targets that lead to another host.
func outward(links []string) []string {
	var list []string
	for _, link := range links {
		lower := strings.ToLower(strings.TrimSpace(link))
		own := strings.HasPrefix(lower, "https://docs.example.com/") || lower == "https://docs.example.com"
		if scheme.MatchString(lower) && !own || strings.HasPrefix(lower, "//") || strings.HasPrefix(lower, "mailto:") {
			list = append(list, link)
		}
	}
	return list
}

func FuzzWhatBecomesALinkOrAMentionIsSeen(f *testing.F) {
	for _, seed := range []string{"[x](https://evil.example)", "![x](//evil.example/p)", "<https://evil.example>", "www.evil.example", "a@evil.example", "[~admin]", "@[accountid:x Y]",
		"[x|https://evil.example]", "!https://evil.example/a.png!", "h3. t\n[~admin]", "[x][y]\n\n[y]: //evil.example", "||a||\n|[~admin]|", "{quote}\n[x|http://evil.example]\n{quote}",
		"<details>\n[x](https://evil.example)\n</details>", "**https://evil.example**", "`x` [a](<//evil.example/ b>)", "&#91;~admin&#93;", "[x](https&colon;//evil.example)",
		"https://docs.example.com/ [x](https://docs.example.com)", "ftp://evil.example", "[a](mailto:a@b.cd)", "{color:red}https://evil.example{color}", "\\[~admin]",
		"```\n[~admin]\n```", "- [ ] [x](//evil.example)", "[x](\\\\evil.example)", "http://a:b@evil.example/"} {
		f.Add(seed)
	}
	p := filtering(f)
	f.Fuzz(func(t *testing.T, text string) {
		if len(text) > 2000 || !json.Valid([]byte(`"`+strings.NewReplacer(`\`, "", `"`, "").Replace(text)+`"`)) && strings.ContainsRune(text, '\uFFFD') {
			t.Skip()
		}
		people, links := drawn(t, text)
		links = outward(links)
		got := p.Check(t.Context(), strict(text))
		if got.Allowed && (len(people) > 0 || len(links) > 0) {
			t.Errorf("%q is allowed and mentions %q, links to %q", text, people, links)
		}
	})
}
