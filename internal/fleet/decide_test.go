package fleet

import (
	"strings"
	"testing"

	"github.com/aofctl/aofctl/internal/manifest"
	"github.com/aofctl/aofctl/internal/prompt"
)

func TestVotesAreCountedByTheRule(t *testing.T) {
	yes, no, none := ballot{Choice: "yes", Confidence: 1, Weight: 1}, ballot{Choice: "no", Confidence: 1, Weight: 1}, ballot{Choice: abstain, Confidence: 1, Weight: 1}
	unsure, gone := ballot{Choice: "yes", Confidence: 0.2, Weight: 1}, ballot{Failed: "gone", Weight: 1}
	heavy := ballot{Choice: "no", Confidence: 1, Weight: 2.5}
	majority := manifest.Consensus{Algorithm: manifest.VoteMajority, MinVotes: 1}
	with := func(change func(*manifest.Consensus)) manifest.Consensus {
		rule := majority
		change(&rule)
		return rule
	}
	partial := with(func(r *manifest.Consensus) { r.AllowPartial = true })
	unanimous := with(func(r *manifest.Consensus) { r.Algorithm = manifest.VoteUnanimous })
	weighted := with(func(r *manifest.Consensus) { r.Algorithm = manifest.VoteWeighted })
	sure := with(func(r *manifest.Consensus) { r.MinConfidence = 0.5 })
	three := with(func(r *manifest.Consensus) { r.MinVotes, r.AllowPartial = 3, true })
	unanimousOfThose := with(func(r *manifest.Consensus) { r.Algorithm, r.AllowPartial = manifest.VoteUnanimous, true })
	tests := map[string]struct {
		rule  manifest.Consensus
		votes []ballot
		want  string // the winner, or why there is none
	}{
		"more than half":                        {majority, []ballot{yes, no, yes}, "yes"},
		"half is not more than half":            {majority, []ballot{yes, no, yes, no}, "more than half"},
		"the absent count against":              {majority, []ballot{yes, yes, gone, gone}, "more than half"},
		"abstaining counts against":             {majority, []ballot{yes, none}, "more than half"},
		"unless a part is enough":               {partial, []ballot{yes, none, gone}, "yes"},
		"nobody":                                {partial, []ballot{none, gone}, "1 votes are needed, and 0 counted"},
		"too few":                               {three, []ballot{yes, yes, gone}, "3 votes are needed, and 2 counted"},
		"not sure enough":                       {sure, []ballot{unsure, unsure, no}, "more than half"},
		"sure enough without a bound":           {majority, []ballot{unsure, unsure, no}, "yes"},
		"unanimous":                             {unanimous, []ballot{yes, yes}, "yes"},
		"not unanimous":                         {unanimous, []ballot{yes, yes, no}, "it was not"},
		"not unanimous if one is gone":          {unanimous, []ballot{yes, yes, gone}, "it was not"},
		"unanimous among those who voted":       {unanimousOfThose, []ballot{yes, yes, gone}, "yes"},
		"weights outvote":                       {weighted, []ballot{yes, yes, heavy}, "no"},
		"weights mean nothing to a majority":    {majority, []ballot{yes, yes, heavy}, "yes"},
		"a weight of exactly half is no winner": {weighted, []ballot{heavy, {Choice: "yes", Confidence: 1, Weight: 2.5}}, "more than half"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			votes := append([]ballot(nil), tt.votes...)
			d := decide(tt.rule, []option{{"yes", "yes"}, {"no", "no"}}, votes)
			if got := d.Winner + "; " + d.Text; !strings.Contains(got, tt.want) || d.Decided != (tt.want == "yes" || tt.want == "no") || d.Decided && d.Winner != tt.want {
				t.Errorf("decided %v: %s; want %s", d.Decided, got, tt.want)
			}
			if (d.Decided && !strings.HasPrefix(d.String(), "## Decision: ")) || (!d.Decided && !strings.HasPrefix(d.String(), "## No decision")) {
				t.Errorf("it is told as %q", d.String())
			}
		})
	}
}

func FuzzTextsStandInTemplatesAsTheyAre(f *testing.F) {
	for _, s := range []string{"plain", "{{ x }}", "{% if %}", "{# note #}", "{{{{", "{{ \"{{\" }}", "{%raw%}{%endraw%}", "{{-", "}}"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		s = "<" + strings.ReplaceAll(strings.ReplaceAll(strings.ToValidUTF8(s, "?"), "\x00", ""), "\r", "") + ">"
		tmpl, err := prompt.Compile("t", literal(s))
		if err != nil {
			t.Fatalf("%q becomes %q: %v", s, literal(s), err)
		}
		if got, err := tmpl.Render(nil); err != nil || got != s {
			t.Errorf("%q renders as %q: %v", s, got, err)
		}
	})
}
