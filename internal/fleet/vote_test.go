package fleet_test

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/aofctl/aofctl/internal/llm"
	"github.com/aofctl/aofctl/internal/manifest"
)

// voter answers in prose first, and then votes.
func voter(opinion, choice string) part {
	return when("Now vote", says(vote(choice, 0.9)), says(opinion))
}

func TestMembersVoteOnWhatTheirAnswersStandFor(t *testing.T) {
	b := newBench(t, manifest.ModePeer, true, map[string]part{
		"a": when("Reduce the answers", says(`{"options":["Roll back","Fix forward"]}`), fails("the coordinator does not vote")),
		"b": voter("I would undo it.", "A"), "c": voter("Undo the deployment, surely.", "A"), "d": voter("A patch is quicker.", "B"),
	})
	b.job.Fleet.Aggregation, b.job.Fleet.Consensus = manifest.AggregateConsensus, manifest.Consensus{Algorithm: manifest.VoteMajority, MinVotes: 1}
	result, err := b.play()
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"## Decision: Roll back", "- A: Roll back — 2 of 3", "- B: Fix forward — 1 of 3", "**d**: B, 90 % sure. I looked."} {
		if !strings.Contains(result.Text, want) {
			t.Errorf("the result does not hold %q:\n%s", want, result.Text)
		}
	}
	var value struct {
		Decided bool
		Winner  string
	}
	if err := json.Unmarshal(result.Value, &value); err != nil || !value.Decided || value.Winner != "A" {
		t.Errorf("value %s: %v", result.Value, err)
	}
	question := b.cast.of("d")[1]
	if strings.Contains(question.System, "Roll back") || !strings.Contains(question.Messages[0].Text, "A: Roll back") || !strings.Contains(question.Messages[0].Text, "I would undo it.") {
		t.Errorf("d voted on:\n%s\n%s", question.System, question.Messages[0].Text)
	}
	if posted := b.comments.posted(); len(posted) != 1 || !strings.Contains(posted[0], "## Decision") {
		t.Errorf("posted %q", posted)
	}
}

func TestMembersVoteOnTheOperatorsOptionsAtOnce(t *testing.T) {
	b := newBench(t, manifest.ModePeer, false, map[string]part{"a": says(vote("ship", 0.8)), "b": says(vote("wait", 0.3)), "c": says(vote("ship", 0.7))})
	b.job.Fleet.Aggregation = manifest.AggregateConsensus
	b.job.Fleet.Consensus = manifest.Consensus{Algorithm: manifest.VoteMajority, MinVotes: 1, MinConfidence: 0.5, Options: []string{"ship", "wait"}}
	got := b.succeed()
	if !strings.Contains(got, "## Decision: ship") || !strings.Contains(got, "**b**: wait, 30 % sure, which is too little to count") {
		t.Errorf("result:\n%s", got)
	}
	if n := len(b.cast.asked); n != 3 {
		t.Errorf("%d questions, want one for each member", n)
	}
}

func TestWithoutAMajorityThatIsSaidPlainly(t *testing.T) {
	b := newBench(t, manifest.ModePeer, false, map[string]part{"a": says(vote("ship", 1)), "b": says(vote("wait", 1)), "c": fails("gone")})
	b.job.Fleet.Aggregation = manifest.AggregateConsensus
	b.job.Fleet.Consensus = manifest.Consensus{Algorithm: manifest.VoteMajority, MinVotes: 1, Options: []string{"ship", "wait"}}
	got := b.succeed()
	for _, want := range []string{"## No decision", "no option has more than half of the votes", "- ship — 1 of 3", "**c** did not vote: ask p:c: p:c: gone"} {
		if !strings.Contains(got, want) {
			t.Errorf("the result does not hold %q:\n%s", want, got)
		}
	}
}

func TestAVoteThatFitsNoOptionIsAskedForAgain(t *testing.T) {
	b := newBench(t, manifest.ModePeer, false, map[string]part{
		"a": func(req llm.Request) (llm.Message, error) {
			return inTurn(message("Ship it!"), message(vote("later", 1)), message(vote("ship", 1)))(req)
		},
		"b": says(vote("ship", 1)),
	})
	b.job.Fleet.Aggregation = manifest.AggregateConsensus
	b.job.Fleet.Consensus = manifest.Consensus{Algorithm: manifest.VoteUnanimous, MinVotes: 2, Options: []string{"ship", "wait"}}
	if got := b.succeed(); !strings.Contains(got, "## Decision: ship") {
		t.Errorf("result:\n%s", got)
	}
}

func TestTheLastTierVotesWithWhatTheOthersFound(t *testing.T) {
	b := newBench(t, manifest.ModeTiered, false, map[string]part{"a": says("Evidence."), "b": says(vote("yes", 1)), "c": says(vote("yes", 1))})
	b.job.Fleet.Members[1].Tier, b.job.Fleet.Members[2].Tier = 2, 2
	b.job.Fleet.Aggregation = manifest.AggregateConsensus
	b.job.Fleet.Consensus = manifest.Consensus{Algorithm: manifest.VoteMajority, MinVotes: 1, Options: []string{"yes", "no"}}
	if got := b.succeed(); !strings.Contains(got, "## Decision: yes") || !b.told("b", "Evidence.") {
		t.Errorf("result:\n%s", got)
	}
}
