package policy_test

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/aofctl/aofctl/internal/hosts"
	"github.com/aofctl/aofctl/internal/policy"
	"github.com/aofctl/aofctl/internal/step"
	"github.com/aofctl/aofctl/internal/tool"
)

// filtering is a policy with a site, a host that may be linked to, and GitHub.
func filtering(t testing.TB) *policy.Policy {
	t.Helper()
	spec := func(name, set string, access tool.Access) fake {
		return fake{spec: tool.Spec{Name: name, Toolset: set, Access: access, Parameters: json.RawMessage(`{"type":"object"}`)}}
	}
	r, err := tool.NewRegistry(spec("say", "jira", tool.Write), spec("post", "github", tool.Write), spec("read", "jira", tool.Read),
		spec("fetch", "", tool.Read))
	if err != nil {
		t.Fatal(err)
	}
	host := func(text string) hosts.Host {
		h, err := hosts.Parse(text)
		if err != nil {
			t.Fatal(err)
		}
		return h
	}
	return policy.New(policy.Config{Tools: r, GitHub: "github.com", Mentionable: []string{"on-call"},
		Hosts: hosts.List{host("docs.example.com"), host("*.wiki.example.com")},
		Sites: func(string) hosts.List { return hosts.List{host("acme.atlassian.net")} }})
}

func saying(name, text string) policy.Request {
	args, err := json.Marshal(map[string]string{"text": text})
	if err != nil {
		panic(err) // a string can always be encoded
	}
	return policy.Request{Tool: name, Allowed: []string{"fetch", "post", "read", "say"},
		Call: tool.Call{ID: "run:1", Args: args, Origin: tool.Origin{Project: "PROJ", IssueKey: "PROJ-1", Repository: "acme/shop",
			Actor: tool.Person{AccountID: "712020:aa", Name: "ann"}, People: []string{"5b10a2844c20165700ede21a"},
			Texts: []string{"See https://forum.example.org/t/12?x=1, and [~bob]; mail carol@example.org", "(log at http://10.0.0.7:8080/log)."}}},
		Trusted: []string{"Link to https://runbook.example.net/login. Tell [~accountid:77:boss]."}}
}

func TestLinksLeadToKnownPlacesOnly(t *testing.T) {
	p := filtering(t)
	for _, text := range []string{
		"plain text: nothing to see, 10:30, a/b, C:\\temp, x.y.z", "see https://acme.atlassian.net/browse/PROJ-2.",
		"**https://docs.example.com/a/b?q=1#frag**, and more", "[the docs](https://docs.example.com/a) and ![shot](https://a.wiki.example.com/x.png \"t\")",
		"<https://docs.example.com>", "[text|https://docs.example.com/x]", "[1]: https://docs.example.com/x\n[a][1]",
		"quoted: https://forum.example.org/t/12?x=1", "([thread](https://forum.example.org/t/12?x=1))", "https://forum.example.org/t/12?x=1/",
		"`http://10.0.0.7:8080/log`", "carol@example.org", "mailto:carol@example.org", "help@docs.example.com",
		"Log in at https://runbook.example.net/login", "!screenshot.png|thumbnail! [^log.txt] [x](#part) [y](/browse/PROJ-1) [z](docs/a.md)",
		"ratio 3://4", "a // comment", "it's @ 5pm", "https://github.com/acme/shop/pull/7", "www.docs.example.com/x is not there but docs.example.com is text",
		"https://docs.example.com/login?next=https%3A%2F%2Facme.atlassian.net%2F", "HTTPS://DOCS.EXAMPLE.COM/A", "data: the values; javascript: good",
	} {
		want := policy.RuleAllowed
		if strings.HasPrefix(text, "www.") {
			want = policy.RuleLink // strict: there is such a form
		}
		if got := p.Check(t.Context(), saying("say", text)); got.Rule != want {
			t.Errorf("%q: rule %s, %s", text, got.Rule, got.Reason)
		}
	}
	for _, text := range []string{
		"https://evil.example/x", "http://docs.example.com/", "see:https://evil.example", "(https://evil.example)", "HtTpS://evil.example", "www.evil.example",
		"[x](https://evil.example)", "[x]( <https://evil.example> )", "![x](https://evil.example/p.png)", "[x][1]\n\n[1]: https://evil.example", "[x]:\n//evil.example/y\n\n[x]",
		"<https://evil.example>", "<a href=//evil.example>x</a>", "<img src='//evil.example/p'>", "<img srcset=\"a.png 1x, //evil.example/p 2x\">",
		"[x](//evil.example/p)", "[x](/\\evil.example)", "[x](\\\\\\\\evil.example)", "![](//evil.example/p.png)", "[text|https://evil.example]", "[text|//evil.example]",
		"[text|evil.example/x]", "[text|www.evil.example]", "!https://evil.example/p.png!", "!//evil.example/p.png|alt=x!", "{{https://evil.example}}",
		"{code}\nhttps://evil.example\n{code}", "```\nhttps://evil.example\n```", "[x](javascript:alert(1))", "[x](java&#115;cript:alert(1))", "[x](data:text/html,hi)",
		"[x](vbscript:x)", "[m](mailto:eve@evil.example)", "eve@evil.example", "mailto:carol@example.org?subject=secret", "ftp://evil.example", "file:///etc/passwd",
		"\\\\evil.example\\share https:\\\\evil.example", "https:/evil.example", "[x](https:evil.example)", "https://docs.example.com@evil.example/", "https://docs.example.com:443@evil.example",
		"https://docs.example.com\\x.evil.example", "https://docs.example.com.evil.example/", "https://docs.example.com,x.evil.example/", "https://evil.example#docs.example.com",
		"https://evil.example?docs.example.com", "https://evildocs.example.com", "https://xn--dcs-hoa.example.com", "https://d\u043ecs.example.com/", "https://docs.example.com\u3002evil.example/",
		"ht\u200btps://evil.example", "https\u200b://evil.example", "https:\u2060//evil.example", "\uff48\uff54\uff54\uff50\uff53://evil.example", "https\uff1a\uff0f\uff0fevil.example",
		"&#104;ttps://evil.example", "https&colon;//evil.example", "https:&sol;&sol;evil.example", "https&#x3a;&#47;&#47;evil.example", "https%3A%2F%2Fevil.example", "https%253A%252F%252Fevil.example",
		"https\\://evil.example", "https://docs%2eexample%2ecom.evil.example", "https://docs.example.com&#46;evil.example/",
		"https://forum.example.org/t/12?x=2", "https://forum.example.org/t/12?x=1&leak=2", "https://forum.example.org/t/12?x=1)leak", "https://forum.example.org/",
		"http://10.0.0.7:8080/log/secret", "https://docs.example.com/)https://evil.example", "[a](https://docs.example.com/)[b](javascript:x)",
		"https://docs.example.com/r?to=https%3A%2F%2Fevil.example", "https://github.com/evil/shop", "https://github.com/acme/shop/../../evil/x", "https://github.com/",
		"https://2130706433/", "https://0x7f.1/", "<ri:url ri:value=\"//evil.example\"/>", "https://runbook.example.net/login?u=x",
	} {
		for _, name := range []string{"say", "post"} {
			if name == "post" && (strings.HasPrefix(text, "[text|evil") || strings.HasPrefix(text, "[text|www")) {
				continue // text on GitHub
			}
			if got := p.Check(t.Context(), saying(name, text)); got.Rule != policy.RuleLink || got.Allowed {
				t.Errorf("%s %q: rule %s", name, text, got.Rule)
			}
		}
	}
}

func TestMentionsAreOfPeopleOnTheIssueOnly(t *testing.T) {
	p := filtering(t)
	for name, texts := range map[string][]string{
		"say": {"[~ann]", "[~accountid:712020:aa]", "@[accountid:5b10a2844c20165700ede21a Ann Lee]", "[~bob] and [~BOB]", "[~on-call]", "[~accountid:77:boss]",
			"@Override and @types/node in Java", "a@b [x](y)"},
		"post": {"@ann fixed it", "@bob, @on-call", "`@everyone`", "```java\n@Override\n```", "mail carol@example.org", "a@b"},
	} {
		for _, text := range texts {
			if got := p.Check(t.Context(), saying(name, text)); got.Rule != policy.RuleAllowed {
				t.Errorf("%s %q: rule %s, %s", name, text, got.Rule, got.Reason)
			}
		}
	}
	for name, texts := range map[string][]string{
		"say": {"[~admin]", "hello [~accountid:eve]", "@[accountid:eve Eve]", "@[eve]", "[~\u200badmin]", "&#91;~admin]", "[&#126;admin]", "\uff3b~admin\uff3d", "h3. x\n[~admin]",
			"{quote}[~admin]{quote}", "||a||\n|[~admin]|", "> [~admin]", "[~ann] [~admin]", "%5B~admin%5D", "<ri:user ri:account-id=\"eve\"/>"},
		"post": {"@admin", "hi @admin!", "(@acme/owners)", "&#64;admin", "\\@admin", "**@admin**", "> @admin", "[~admin]", "x\n@admin", "\uff20admin", "@\u200badmin", "- [ ] @admin"},
	} {
		for _, text := range texts {
			if got := p.Check(t.Context(), saying(name, text)); got.Rule != policy.RuleMention || !strings.Contains(got.Reason, "not on this issue") {
				t.Errorf("%s %q: rule %s", name, text, got.Rule)
			}
		}
	}
}

func TestAnAssigneeIsNoMention(t *testing.T) {
	p := filtering(t)
	req := saying("say", "")
	for args, want := range map[string]string{
		`{"assignee":"[~zoe]"}`:                 policy.RuleAllowed,
		`{"fields":{"assignee":"[~zoe]"}}`:      policy.RuleAllowed,
		`{"assignee":"[~zoe] and [~admin]"}`:    policy.RuleMention,
		`{"fields":{"description":"[~zoe]"}}`:   policy.RuleMention,
		`{"labels":["x","https://evil.test/"]}`: policy.RuleLink,
		`{"https://evil.test/":"x"}`:            policy.RuleLink,
	} {
		req.Call.Args = json.RawMessage(args)
		if got := p.Check(t.Context(), req); got.Rule != want {
			t.Errorf("%s: rule %s, want %s", args, got.Rule, want)
		}
	}
}

func TestMacrosThatRunOrShowOtherThingsAreRefused(t *testing.T) {
	p := filtering(t)
	for text, want := range map[string]string{
		"{html}<b>{html}": policy.RuleMacro, "{HTML:x=1}": policy.RuleMacro, "{include:SPACE:Page}": policy.RuleMacro, "{iframe:src=x}": policy.RuleMacro,
		"{jiraissues:project=SECRET}": policy.RuleMacro, "\\\\{html}": policy.RuleMacro, "&#123;html}": policy.RuleMacro, "{ht\u200bml}": policy.RuleMacro,
		`<ac:structured-macro ac:name="html">`: policy.RuleMacro, "{script}": policy.RuleMacro, "{profile:user=x}": policy.RuleMacro,
		"{code:java}\nx\n{code}": policy.RuleAllowed, "{panel:title=Hint}x{panel}": policy.RuleAllowed, "{color:red}x{color}": policy.RuleAllowed,
		"/users/{profile}/{id}": policy.RuleAllowed, "{\"json\":1}": policy.RuleAllowed, "${HOME}": policy.RuleAllowed, "<ac:structured-macro ac:name=\"code\">": policy.RuleAllowed,
	} {
		if got := p.Check(t.Context(), saying("say", text)); got.Rule != want {
			t.Errorf("%q: rule %s, want %s", text, got.Rule, want)
		}
	}
}

func result(name, args, target, text string) step.Entry {
	body, err := json.Marshal(text)
	if err != nil {
		panic(err) // a string can always be encoded
	}
	return step.Entry{Kind: step.KindTool, Name: name, Input: json.RawMessage(args), Target: target, Output: body, Decision: policy.RuleAllowed}
}

func TestWhatTheRunReadCountsAsItsData(t *testing.T) {
	p := filtering(t)
	issue := "PROJ-1: x\nassignee: Dan (dan)\ndescription:\nhttps://found.test/a?b=c and @[accountid:9:gil Gil]\n[10] Eve (eve), 2026-01-02 10:00 +0000:\nhi"
	failed := result("read", `{}`, "PROJ-1", issue)
	failed.Error = issue
	for name, tt := range map[string]struct {
		text  string
		prior []step.Entry
		want  string
	}{
		"an address":                          {"https://found.test/a?b=c", []step.Entry{result("read", `{}`, "PROJ-1", issue)}, policy.RuleAllowed},
		"an address of another issue":         {"https://found.test/a?b=c", []step.Entry{result("read", `{}`, "PROJ-2", issue)}, policy.RuleAllowed},
		"an address with more":                {"https://found.test/a?b=cd", []step.Entry{result("read", `{}`, "PROJ-1", issue)}, policy.RuleLink},
		"an address in a refusal":             {"https://found.test/a?b=c", []step.Entry{failed}, policy.RuleLink},
		"an address that an answer repeats":   {"https://found.test/a?b=c", []step.Entry{result("read", `{"q":"https://found.test/a?b=c"}`, "PROJ-1", issue)}, policy.RuleLink},
		"such one, hidden":                    {"https://found.test/a?b=c", []step.Entry{result("read", `{"q":"found%2Etest/a?b=c"}`, "PROJ-1", issue)}, policy.RuleLink},
		"an address that was asked for later": {"https://found.test/a?b=c", []step.Entry{result("read", `{}`, "PROJ-1", issue), result("read", `{"q":"https://found.test/a?b=c"}`, "PROJ-1", issue)}, policy.RuleAllowed},
		"an address from elsewhere":           {"https://found.test/a?b=c", []step.Entry{result("fetch", `{}`, "", issue)}, policy.RuleLink},
		"an address from a write":             {"https://found.test/a?b=c", []step.Entry{result("say", `{}`, "PROJ-1", issue)}, policy.RuleLink},
		"the assignee":                        {"[~dan]", []step.Entry{result("read", `{}`, "PROJ-1", issue)}, policy.RuleAllowed},
		"the author of a comment":             {"[~eve]", []step.Entry{result("read", `{}`, "PROJ-1", issue)}, policy.RuleAllowed},
		"somebody mentioned":                  {"[~accountid:9:gil]", []step.Entry{result("read", `{}`, "PROJ-1", issue)}, policy.RuleAllowed},
		"people of another issue":             {"[~dan]", []step.Entry{result("read", `{}`, "PROJ-2", issue)}, policy.RuleMention},
		"nobody was read":                     {"[~dan]", nil, policy.RuleMention},
	} {
		req := saying("say", tt.text)
		req.Prior = tt.prior
		if got := p.Check(t.Context(), req); got.Rule != tt.want {
			t.Errorf("%s: rule %s, want %s (%s)", name, got.Rule, tt.want, got.Reason)
		}
	}
}

func TestDefusedTextPassesTheFilter(t *testing.T) {
	p := filtering(t)
	for _, text := range []string{"https://evil.example/x?y=1", "[~admin] @[eve] @bob", "{html}x{html}", "www.evil.example", "mailto:a@b.cd javascript:x", "[x](//evil.example)",
		"&#104;ttps://evil.example", "\uff48ttps\uff1a//evil.example", "see [a|evil.example/x]", "https:evil.example", "a%40b.example", "%5B~admin%5D"} {
		for _, name := range []string{"say", "post"} {
			if got := p.Check(t.Context(), saying(name, policy.Defuse(text))); got.Rule != policy.RuleAllowed {
				t.Errorf("%q becomes %q: rule %s", text, policy.Defuse(text), got.Rule)
			}
		}
	}
	if got := policy.Defuse("500: no answer… (try 3 of 4)"); got != "500: no answer… (try 3 of 4)" {
		t.Error(got)
	}
}
