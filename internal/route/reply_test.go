package route_test

import (
	"strings"
	"testing"
	"time"

	"github.com/aofctl/aofctl/internal/manifest"
	"github.com/aofctl/aofctl/internal/route"
	"github.com/google/go-cmp/cmp"
)

func described(name, text string) option {
	return func(t *manifest.Trigger) {
		t.Commands = append(t.Commands, manifest.Command{Name: name, Target: agent(name), Description: text})
	}
}

func ignoresUnknown(t *manifest.Trigger) { t.IgnoreUnknown = true }

func TestHelpListsTheCommandsThatThisUserMayUseHere(t *testing.T) {
	tb := table(
		trigger("t", described("triage", "Sorts\n  the bug"), described("review security", "")),
		trigger("elsewhere", projects("OTHER"), command("elsewhere")),
		trigger("bobs", users("bob"), command("bobs")),
		trigger("stories", issueTypes("Story"), command("estimate")),
		trigger("again", described("triage", "another"), command("zap"), noDefault),
	)
	d := tb.Decide(commented("/help"), route.Input{})
	wantMatches(t, d, "t reply/help")
	const want = "You can use these commands here, each at the beginning of a line:\n\n" +
		"- `/triage` – Sorts the bug\n- `/review security`\n- `/zap`\n- `/help` – This list\n"
	if diff := cmp.Diff(want, d.Matches[0].Response); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestHelpIsAskedForInAnyForm(t *testing.T) {
	tb := table(trigger("first"), trigger("t", command("triage"), noDefault))
	for text, want := range map[string][]string{
		"/help":                {"t reply/help"},
		"@aofbot help":         {"t reply/help"},
		"@aofbot /help!":       {"t reply/help"},
		"/help me please":      {"t reply/help"},
		"/help\n/help":         {"t reply/help"},
		"@aofbot help me out":  {"first agent/first"},
		"/help\n/triage\n/foo": {"t reply/help", "t agent/triage /triage", "t reply/unknown-command"},
	} {
		d := tb.Decide(commented(text), route.Input{BotName: "aofbot"})
		if !equal(won(d), want) {
			t.Errorf("%q: %q, want %q", text, won(d), want)
		}
	}
}

func TestATriggersOwnHelpComesFirst(t *testing.T) {
	d := table(trigger("t", command("help"), command("triage"), noDefault)).Decide(commented("/help"), route.Input{})
	wantMatches(t, d, "t agent/help /help")
}

func TestHelpIsTalkWhereNobodyHasCommands(t *testing.T) {
	d := table(trigger("t")).Decide(commented("/help"), route.Input{})
	wantMatches(t, d, "t agent/t")
	d = table(trigger("t", users("bob"), command("x"))).Decide(commented("/help"), route.Input{})
	wantMatches(t, d)
}

func TestUnknownCommandsMayBeIgnored(t *testing.T) {
	d := table(trigger("t", command("triage"), noDefault, ignoresUnknown)).Decide(commented("/traige"), route.Input{})
	wantMatches(t, d)
	if d.Reason != route.ReasonNoCommand {
		t.Errorf("reason %q", d.Reason)
	}
	d = table(
		trigger("quiet", command("triage"), noDefault, ignoresUnknown), trigger("loud", command("trial"), noDefault),
	).Decide(commented("/traige"), route.Input{})
	wantMatches(t, d, "loud reply/unknown-command")
	if strings.Contains(d.Matches[0].Response, "triage`") {
		t.Errorf("reply %q names a command of a trigger that wants no replies", d.Matches[0].Response)
	}
}

func TestPeopleWhoMayNotUseCommandsGetNoReply(t *testing.T) {
	d := table(trigger("t", users("bob"), command("triage"), noDefault)).Decide(commented("/traige"), route.Input{})
	wantMatches(t, d)
}

func TestCommandsThatSomebodyElseMayUseAreNotUnknown(t *testing.T) {
	tb := table(trigger("bobs", users("bob"), command("close"), noDefault), trigger("t", command("triage"), noDefault))
	wantMatches(t, tb.Decide(commented("/close"), route.Input{}))
	d := tb.Decide(commented("/close\n/clos"), route.Input{})
	wantMatches(t, d, "t reply/unknown-command")
	if len(d.Unknown) != 1 || d.Unknown[0].Name != "clos" {
		t.Errorf("unknown %+v", d.Unknown)
	}
}

func TestAnEditRunsOnlyCommandsThatAreNew(t *testing.T) {
	tb := table(trigger("t", events("comment_*"), command("triage"), command("estimate"), noDefault))
	taken := map[string]bool{}
	say := func(kind, text string) route.Decision {
		ev := commented(text)
		ev.Type = kind
		d := tb.Decide(ev, route.Input{})
		fresh := map[string]bool{}
		for _, claim := range d.Claims {
			fresh[claim] = !taken[claim]
			taken[claim] = true
		}
		d.Keep(func(claim string) bool { return fresh[claim] })
		return d
	}
	steps := []struct {
		kind, text string
		want       []string
	}{
		{"comment_created", "/triage fast\nbody", []string{"t agent/triage /triage"}},
		{"comment_updated", "Sorry.\n/triage  fast\nother body", nil},
		{"comment_updated", "/triage slow", []string{"t agent/triage /triage"}},
		{"comment_updated", "/estimate\n/triage slow", []string{"t agent/estimate /estimate"}},
		{"comment_updated", "/estimate\n/estimate", []string{"t agent/estimate /estimate"}},
		{"comment_updated", "/traige", []string{"t reply/unknown-command"}},
		{"comment_updated", "/traigee", nil},
		{"comment_updated", "no command", nil},
	}
	for _, s := range steps {
		if d := say(s.kind, s.text); !equal(won(d), s.want) {
			t.Errorf("%s %q: %q, want %q (reason %q)", s.kind, s.text, won(d), s.want, d.Reason)
		}
	}
	if d := say("comment_updated", "/triage fast"); d.Reason != route.ReasonOldCommands {
		t.Errorf("reason %q", d.Reason)
	}
}

func TestCommandsThatAFilterRefusedAreNotNewInAnEdit(t *testing.T) {
	tb := table(trigger("t", issueTypes("Story"), command("triage"), noDefault))
	first := tb.Decide(commented("/triage"), route.Input{})
	wantMatches(t, first)
	ev := commented("/triage")
	ev.Type, ev.Vars["issue_type"] = "comment_updated", "Story"
	later := tb.Decide(ev, route.Input{})
	wantMatches(t, later, "t agent/triage /triage")
	if diff := cmp.Diff(first.Claims, later.Claims); diff != "" || len(first.Claims) != 1 || later.Matches[0].Claim != first.Claims[0] {
		t.Errorf("claim %q of %q (-created +edited):\n%s", later.Matches[0].Claim, later.Claims, diff)
	}
}

func TestDescriptionsClaimNothing(t *testing.T) {
	ev := created()
	ev.CommandText = "/triage"
	d := table(trigger("t", command("triage"))).Decide(ev, route.Input{})
	if len(d.Claims) > 0 || d.Matches[0].Claim != "" {
		t.Errorf("claims %q, %q", d.Claims, d.Matches[0].Claim)
	}
}

func TestTheBreakerWarnsOnceAnHour(t *testing.T) {
	at := time.Date(2026, 11, 20, 10, 59, 0, 0, time.UTC)
	ev, tr := created(), trigger("t")
	ev.Subject = "issue:10001"
	m := route.BreakerReply(ev, tr, 20, at)
	if m.Target.String() != "reply/breaker" || m.Trigger != tr || !strings.Contains(m.Response, "20 runs") {
		t.Errorf("match %+v", m)
	}
	if same := route.BreakerReply(ev, tr, 20, at.Add(-50*time.Minute)); same.Claim != m.Claim {
		t.Error("a second warning within the hour")
	}
	if later := route.BreakerReply(ev, tr, 20, at.Add(time.Minute)); later.Claim == m.Claim {
		t.Error("no warning in the next hour")
	}
}
