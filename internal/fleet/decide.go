package fleet

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/aofctl/aofctl/internal/manifest"
)

// ballot is the vote of one member.
type ballot struct {
	Voter      string  `json:"voter"`
	Weight     float64 `json:"weight"`
	Choice     string  `json:"choice,omitempty"`
	Confidence float64 `json:"confidence,omitempty"`
	Reason     string  `json:"reason,omitempty"`
	// Failed says why there is no vote.
	Failed string `json:"failed,omitempty"`
	// Counts is false for a vote that is for nothing or not sure enough.
	Counts bool `json:"counts"`
}

// decision is what came of a vote.
type decision struct {
	// Decided is whether there is a winner, which Winner then names.
	Decided bool   `json:"decided"`
	Winner  string `json:"winner,omitempty"`
	// Text is what the winner means, or why there is none.
	Text    string   `json:"text"`
	Options []tally  `json:"options"`
	Votes   []ballot `json:"votes"`

	// total is what a majority is measured against.
	total float64
	rule  manifest.Consensus
}

// tally is what an option got.
type tally struct {
	option
	Weight float64 `json:"weight"`
}

// decide counts votes by a rule.
func decide(rule manifest.Consensus, options []option, ballots []ballot) decision {
	d := decision{rule: rule, Votes: ballots}
	counted := 0
	sums := map[string]float64{}
	for i := range d.Votes {
		b := &d.Votes[i]
		if rule.Algorithm != manifest.VoteWeighted {
			b.Weight = 1
		}
		b.Counts = b.Failed == "" && b.Choice != abstain && b.Confidence >= rule.MinConfidence
		if b.Counts {
			counted++
			sums[b.Choice] += b.Weight
		}
		if b.Counts || !rule.AllowPartial {
			d.total += b.Weight
		}
	}
	var first tally
	for i, o := range options {
		got := tally{o, sums[o.ID]}
		d.Options = append(d.Options, got)
		if i == 0 || got.Weight > first.Weight {
			first = got
		}
	}
	d.settle(first, counted)
	return d
}

// settle finds out whether the option with the most votes has enough of them.
func (d *decision) settle(first tally, counted int) {
	switch {
	case counted < d.rule.MinVotes:
		d.Text = fmt.Sprintf("%d votes are needed, and %d counted", d.rule.MinVotes, counted)
	case d.rule.Algorithm == manifest.VoteUnanimous && first.Weight < d.total:
		d.Text = "the vote has to be unanimous, and it was not"
	case first.Weight*2 <= d.total:
		d.Text = "no option has more than half of the votes"
	default:
		d.Decided, d.Winner, d.Text = true, first.ID, first.Text
	}
}

// String tells of the decision, as Markdown.
func (d decision) String() string {
	var b strings.Builder
	if d.Decided {
		fmt.Fprintf(&b, "## Decision: %s\n", d.Text)
	} else {
		fmt.Fprintf(&b, "## No decision\n\nThe members did not agree: %s.\n", d.Text)
	}
	b.WriteString("\n")
	for _, o := range d.Options {
		fmt.Fprintf(&b, "- %s — %s of %s\n", o.title(), number(o.Weight), number(d.total))
	}
	b.WriteString("\nThe votes:\n\n")
	for _, v := range d.Votes {
		b.WriteString("- " + v.String() + "\n")
	}
	return strings.TrimSpace(b.String())
}

// String tells of one vote.
func (b ballot) String() string {
	if b.Failed != "" {
		return fmt.Sprintf("**%s** did not vote: %s", b.Voter, b.Failed)
	}
	text := fmt.Sprintf("**%s**: %s, %.0f %% sure", b.Voter, b.Choice, b.Confidence*100)
	if !b.Counts && b.Choice != abstain {
		text += ", which is too little to count"
	}
	if b.Reason != "" {
		text += ". " + b.Reason
	}
	return text
}

func number(f float64) string { return strconv.FormatFloat(f, 'g', 6, 64) }
