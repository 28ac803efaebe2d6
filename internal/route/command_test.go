package route_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/aofctl/aofctl/internal/route"
	"github.com/google/go-cmp/cmp"
)

// parsed renders commands as "/name words | body", without the slash where there
// was none.
func parsed(text string) []string {
	var list []string
	for _, c := range route.ParseCommands(text, "aofbot", []string{"5b10:98af", "JIRAUSER9"}) {
		s := c.Line
		if c.Slash {
			s = "/" + s
		}
		if c.Body != "" {
			s += " | " + c.Body
		}
		list = append(list, s)
	}
	return list
}

func TestCommandsAreLinesThatBeginWithASlashOrAMention(t *testing.T) {
	tests := []struct {
		name, text string
		want       []string
	}{
		{"alone", "/triage", []string{"/triage"}},
		{"with arguments", "/triage now please", []string{"/triage now please"}},
		{"after blanks", "  /triage  ", []string{"/triage"}},
		{"after invisible characters", "\ufeff\u200b\u00a0/triage", []string{"/triage"}},
		{"after talk", "Hello,\n\n/triage", []string{"/triage"}},
		{"carriage returns", "/triage a\r\nmore\r\n", []string{"/triage a | more"}},
		{"body", "/analyze\n{code}\nstack\n/not-a-command\n{code}\nend", []string{"/analyze | {code}\nstack\n/not-a-command\n{code}\nend"}},
		{"several", "/a 1\nx\n/b 2\ny", []string{"/a 1 | x", "/b 2 | y"}},
		{"mention and slash", "@aofbot /triage", []string{"/triage"}},
		{"mention and name", "@AOFbot triage this", []string{"triage this"}},
		{"mention with comma", "@aofbot, triage", []string{"triage"}},
		{"mention with colon", "@aofbot: /triage", []string{"/triage"}},
		{"account id", "[~accountid:5b10:98af] /triage", []string{"/triage"}},
		{"account id without blank", "[~accountid:5b10:98af]/triage", []string{"/triage"}},
		{"key", "[~JIRAUSER9] triage", []string{"triage"}},
		{"bot name in a wiki mention", "[~aofbot], triage", []string{"triage"}},
		{"escaped hyphen", `/find\-duplicates`, []string{`/find\-duplicates`}},
		{"other letters", "/prüfe", []string{"/prüfe"}},

		{"nothing", "", nil},
		{"talk", "please /triage this", nil},
		{"path", "/usr/bin/foo", nil},
		{"path with blank", "/etc/passwd is world readable", nil},
		{"file", "/tmp.txt", nil},
		{"slash and blank", "/ something", nil},
		{"slash alone", "/", nil},
		{"double slash", "//comment", nil},
		{"number", "/2 of it", nil},
		{"regular expression", "/^a.*$/", nil},
		{"option", "/-x", nil},
		{"somebody else", "@alice /triage", nil},
		{"longer name", "@aofbotty triage", nil},
		{"other account", "[~accountid:other] /triage", nil},
		{"empty mention", "[~] /triage", nil},
		{"unfinished mention", "[~aofbot /triage", nil},
		{"mention alone", "@aofbot", nil},
		{"mention inside", "ask @aofbot triage", nil},
		{"list item", "* /triage", nil},
		{"very long name", "/" + strings.Repeat("a", 65), nil},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if diff := cmp.Diff(tt.want, parsed(tt.text)); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

func TestCodeAndQuotesHoldNoCommands(t *testing.T) {
	for _, text := range []string{
		"{code}\n/triage\n{code}",
		"{code:java|title=x}\n/triage\n{code}",
		"{CODE}\n/triage\n{CODE}",
		"{noformat}\n/triage\n{code}\n/triage\n{noformat}",
		"{quote}\n/triage\n{quote}",
		"{quote}\nx {code}\n{quote}\n{code}\n/triage\n{quote}",
		"bq. /triage",
		"> /triage",
		" > /triage",
		">/triage",
		"```\n/triage\n```",
		"```go\n/triage\n``\n/triage\n```",
		"~~~~\n/triage\n~~~\n/triage\n~~~~",
		"```\n{code}\n/triage\n```",
		"    /triage",
		"\t/triage",
		"`/triage`",
		"{{/triage}}",
		"{code}\n/triage",
	} {
		if got := parsed(text); len(got) > 0 {
			t.Errorf("%q has commands %q", text, got)
		}
	}
}

func TestCommandsAfterBlocksCount(t *testing.T) {
	for _, text := range []string{
		"{code}x{code}\n/triage",
		"{noformat}\n{code}\n{noformat}\n/triage",
		"{quote}a{quote}\n/triage",
		"> quoted\n/triage",
		"```\nx\n```\n/triage",
		"```` a ``` b\nx\n````\n/triage",
		"use ```x``` here\n/triage",
		"```x``` first\n/triage",
		`\{code}` + "\n/triage",
		"{color:red}x{color}\n/triage",
		"{code\n/triage",
		"{codec}\n/triage",
	} {
		got := parsed(text)
		if len(got) != 1 && text != "```` a ``` b\nx\n````\n/triage" || len(got) == 1 && got[0] != "/triage" {
			t.Errorf("%q has commands %q", text, got)
		}
	}
}

func TestTextsAreBounded(t *testing.T) {
	var b strings.Builder
	for i := range 100 {
		fmt.Fprintf(&b, "/cmd%d\n", i)
	}
	got := route.ParseCommands(b.String(), "aofbot", nil)
	if len(got) != route.MaxCommands {
		t.Errorf("%d commands", len(got))
	}
	if last := got[len(got)-1]; last.Line != "cmd19" || last.Body != "" {
		t.Errorf("last = %+v", last)
	}
	got = route.ParseCommands("/a "+strings.Repeat("ü", 100_000)+"\n"+strings.Repeat("line\n", 100_000), "", nil)
	if len(got) != 1 || len(got[0].Line) > 4<<10 || len(got[0].Body) > 64<<10 {
		t.Errorf("%d commands of %d and %d bytes", len(got), len(got[0].Line), len(got[0].Body))
	}
	if got := route.ParseCommands("@ /x", "", []string{""}); len(got) > 0 {
		t.Errorf("a bot without a name is mentioned: %+v", got)
	}
}

func TestLongestCommandWins(t *testing.T) {
	tb := table(trigger("t", command("review"), command("review security"), command("/Review  Security Deep"), noDefault))
	tests := []struct{ text, want, args string }{
		{"/review", "review", ""},
		{"/review performance", "review", "performance"},
		{"/review security", "review security", ""},
		{"/Review  SECURITY  of this", "review security", "of this"},
		{"/review security deep: now", "review security deep", "now"},
		{"@aofbot review security now", "review security", "now"},
	}
	for _, tt := range tests {
		t.Run(tt.text, func(t *testing.T) {
			d := tb.Decide(commented(tt.text), route.Input{BotName: "aofbot"})
			if len(d.Matches) != 1 || d.Matches[0].Command == nil {
				t.Fatalf("got %+v", d)
			}
			if c := d.Matches[0].Command; c.Name != tt.want || c.Args != tt.args {
				t.Errorf("command = %+v", c)
			}
		})
	}
}

func TestSeveralCommandsRunInOrder(t *testing.T) {
	tb := table(trigger("t", command("a"), command("b")), trigger("u", command("c")))
	d := tb.Decide(commented("/b 1\n/unknown\n/a 2\n/c\n/b 3"), route.Input{})
	wantMatches(t, d, "t agent/b /b", "t reply/unknown-command", "t agent/a /a", "u agent/c /c", "t agent/b /b")
}

func TestOurOwnAccountIsMentionedByAnyOfItsNames(t *testing.T) {
	tb := table(trigger("t", command("a"), noDefault))
	self := route.Identity{AccountIDs: []string{"id:1"}, Names: []string{"bot.user"}, Keys: []string{"JIRAUSER9"}}
	for _, text := range []string{"[~accountid:id:1] a", "[~bot.user] a", "[~JIRAUSER9] /a"} {
		d := tb.Decide(commented(text), route.Input{Self: self})
		wantMatches(t, d, "t agent/a /a")
	}
}

func TestUnknownCommandsNameTheNearest(t *testing.T) {
	tb := table(
		trigger("t", command("triage"), command("review security"), noDefault),
		trigger("u", command("estimate"), noDefault),
		trigger("hidden", command("trial"), users("bob"), noDefault),
	)
	d := tb.Decide(commented("/traige it\n/review\n/zzzzzz"), route.Input{})
	wantMatches(t, d, "t reply/unknown-command")
	want := []route.UnknownCommand{
		{Name: "traige", Nearest: []string{"triage"}},
		{Name: "review", Nearest: []string{"review security"}},
		{Name: "zzzzzz"},
	}
	if diff := cmp.Diff(want, d.Unknown); diff != "" {
		t.Errorf("unknown (-want +got):\n%s", diff)
	}
	const text = "There is no command `/traige` here. Did you mean `/triage`?\n\n" +
		"There is no command `/review` here. Did you mean `/review security`?\n\n" +
		"There is no command `/zzzzzz` here.\n\n`/help` lists what there is."
	if diff := cmp.Diff(text, d.Matches[0].Response); diff != "" {
		t.Errorf("reply (-want +got):\n%s", diff)
	}
}

func TestTalkToTheBotIsNoUnknownCommand(t *testing.T) {
	d := table(trigger("t", command("triage"), noDefault)).Decide(commented("@aofbot thanks a lot"), route.Input{BotName: "aofbot"})
	if len(d.Unknown) > 0 || d.Reason != route.ReasonNoCommand {
		t.Errorf("got %+v", d)
	}
}

func TestDefaultTakesCommentsWithUnknownCommands(t *testing.T) {
	d := table(trigger("t", command("triage"))).Decide(commented("/unknown"), route.Input{})
	wantMatches(t, d, "t agent/t")
	if len(d.Unknown) > 0 {
		t.Errorf("unknown = %+v", d.Unknown)
	}
}

func TestArgumentsAreSplitLikeAShellDoes(t *testing.T) {
	tests := []struct {
		args   string
		words  []string
		params map[string]string
	}{
		{"", nil, nil},
		{"a  b", []string{"a", "b"}, nil},
		{`"a b" 'c d' e`, []string{"a b", "c d", "e"}, nil},
		{"“a b” „c d“ «e f»", []string{"a b", "c d", "e f"}, nil},
		{"what's up", []string{"what's", "up"}, nil},
		{`say "unclosed`, []string{"say", `"unclosed`}, nil},
		{`"a"b c`, []string{`"a"b`, "c"}, nil},
		{`depth=2 --mode="very deep" x`, []string{"x"}, map[string]string{"depth": "2", "mode": "very deep"}},
		{"a=1 a=2", nil, map[string]string{"a": "2"}},
		{"empty= x", []string{"x"}, map[string]string{"empty": ""}},
		{"https://x.y/?a=b 1=2 =3", []string{"https://x.y/?a=b", "1=2", "=3"}, nil},
		{`C:\temp --flag`, []string{`C:\temp`, "--flag"}, nil},
	}
	for _, tt := range tests {
		t.Run(tt.args, func(t *testing.T) {
			d := table(trigger("t", command("x"))).Decide(commented("/x "+tt.args), route.Input{})
			c := d.Matches[0].Command
			if diff := cmp.Diff(tt.words, c.ArgsList); diff != "" {
				t.Errorf("words (-want +got):\n%s", diff)
			}
			if diff := cmp.Diff(tt.params, c.Params); diff != "" {
				t.Errorf("params (-want +got):\n%s", diff)
			}
		})
	}
}

func TestTypedNumbersReplaceTheManifestsAndTypedTextDoesNot(t *testing.T) {
	tr := trigger("t", command("x"))
	tr.Commands[0].Params = map[string]any{
		"s": "a", "b": true, "i": 1, "l": int64(1), "f": 1.5, "list": []any{1}, "kept": "k", "bad": 7, "nan": 1.0,
	}
	d := table(tr).Decide(commented("/x s=z b=False i=2 l=3 f=2.5 list=4 new=n bad=seven nan=NaN"), route.Input{})
	want := map[string]any{
		"s": "a", "b": false, "i": 2, "l": int64(3), "f": 2.5, "list": []any{1}, "kept": "k", "bad": 7, "nan": 1.0,
	}
	if diff := cmp.Diff(want, d.Matches[0].Params); diff != "" {
		t.Errorf("params (-want +got):\n%s", diff)
	}
	if typed := d.Matches[0].Command.Params; typed["s"] != "z" || typed["new"] != "n" {
		t.Errorf("typed text %v is lost", typed)
	}
	if tr.Commands[0].Params["s"] != "a" {
		t.Error("the manifest's params were changed")
	}
}
