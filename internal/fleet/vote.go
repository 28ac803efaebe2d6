package fleet

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"github.com/aofctl/aofctl/internal/agent"
	"github.com/aofctl/aofctl/internal/prompt"
)

// abstain is the choice of a voter who is for none of the options.
const abstain = "none"

// maxProposed bounds what the members' answers are reduced to.
const maxProposed = 6

// option is one of what can be chosen.
type option struct {
	// ID is what a vote names, Text what it means; the same for an operator's
	// options.
	ID   string `json:"id"`
	Text string `json:"text"`
}

// title is how people are told of the option.
func (o option) title() string {
	if o.ID == o.Text {
		return o.ID
	}
	return o.ID + ": " + o.Text
}

// vote has the members vote, and tells what came of it. Material is what they
// found before. Texts are never compared: what can be chosen is laid down first,
// by the operator, or by the lead, who reduces the members' answers to options.
func (t *team) vote(ctx context.Context, voters []member, material []agent.Material) (agent.Result, error) {
	options, err := t.options(ctx, material)
	if err != nil {
		return agent.Result{}, err
	}
	ballots, err := t.ballots(ctx, voters, options, material)
	if err != nil {
		return agent.Result{}, err
	}
	decision := decide(t.job.Fleet.Consensus, options, ballots)
	value, err := json.Marshal(decision)
	if err != nil {
		return agent.Result{}, fmt.Errorf("encode decision: %w", err)
	}
	return agent.Result{Text: decision.String(), Value: value}, nil
}

// options are what can be chosen.
func (t *team) options(ctx context.Context, material []agent.Material) ([]option, error) {
	var list []option
	for _, text := range t.job.Fleet.Consensus.Options {
		list = append(list, option{ID: text, Text: text})
	}
	if len(list) > 0 {
		return list, nil
	}
	lead := t.lead()
	result, err := t.askOne(ctx, assignment{branch: "options", member: lead, material: material, schema: proposalSchema(),
		brief: joined(t.standing(lead), t.workflow(), fmt.Sprintf(
			"The members have answered; their answers are in the data, and they are going to vote. Reduce the answers to what they stand for: "+
				"at most %d different options, each in one or two sentences that make sense without the others. "+
				"Answers that come to the same are one option. Do not judge them and do not add your own.", maxProposed), unposted)})
	if err != nil {
		return nil, err
	}
	var proposal struct{ Options []string }
	if err := json.Unmarshal(result.Value, &proposal); err != nil {
		return nil, fmt.Errorf("decode options: %w", err)
	}
	for i, text := range proposal.Options {
		list = append(list, option{ID: string(rune('A' + i)), Text: strings.Join(strings.Fields(text), " ")})
	}
	return list, nil
}

func proposalSchema() json.RawMessage {
	return json.RawMessage(fmt.Sprintf(`{"type":"object","required":["options"],"additionalProperties":false,"properties":{
"options":{"type":"array","minItems":1,"maxItems":%d,"items":{"type":"string","minLength":1,"maxLength":500}}}}`, maxProposed))
}

// ballots asks all voters at the same time.
func (t *team) ballots(ctx context.Context, voters []member, options []option, material []agent.Material) ([]ballot, error) {
	schema, err := ballotSchema(options)
	if err != nil {
		return nil, err
	}
	var lines []string
	for _, o := range options {
		lines = append(lines, o.title())
	}
	material = append(slices.Clone(material), agent.Material{Origin: "options", Text: strings.Join(lines, "\n")})
	list := make([]assignment, len(voters))
	for i, m := range voters {
		list[i] = assignment{branch: m.Name + " votes", member: m, schema: schema, material: material,
			brief: joined(t.standing(m), t.workflow(), fmt.Sprintf(
				"Now vote for one of the options that are in the data, or for %q if none of them is right. Judge by what is so, not by who proposed it. "+
					"Say how sure you are, from 0 to 1, and why in a sentence.", abstain))}
	}
	answers, err := t.askAll(ctx, list)
	if err != nil {
		return nil, err
	}
	out := make([]ballot, len(answers))
	for i, a := range answers {
		out[i] = ballot{Voter: a.member.Name, Weight: a.member.Weight, Failed: a.failed}
		if a.failed == "" {
			if err := json.Unmarshal(a.Value, &out[i]); err != nil {
				return nil, fmt.Errorf("decode vote of %s: %w", a.member.Name, err)
			}
			out[i].Voter, out[i].Weight, out[i].Failed = a.member.Name, a.member.Weight, ""
			out[i].Reason = prompt.Cap(strings.Join(strings.Fields(out[i].Reason), " "), 500)
		}
	}
	return out, allFailed(answers)
}

func ballotSchema(options []option) (json.RawMessage, error) {
	var ids []string
	for _, o := range options {
		ids = append(ids, o.ID)
	}
	if !slices.Contains(ids, abstain) {
		ids = append(ids, abstain)
	}
	schema, err := json.Marshal(map[string]any{"type": "object", "additionalProperties": false,
		"required": []string{"choice", "confidence", "reason"},
		"properties": map[string]any{
			"choice":     map[string]any{"type": "string", "enum": ids},
			"confidence": map[string]any{"type": "number", "minimum": 0, "maximum": 1},
			"reason":     map[string]any{"type": "string"},
		}})
	if err != nil {
		return nil, fmt.Errorf("encode schema of votes: %w", err)
	}
	return schema, nil
}
