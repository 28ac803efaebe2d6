package fleet

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"

	"github.com/aofctl/aofctl/internal/agent"
)

// maxSteps bounds what one plan holds.
const maxSteps = 8

// planned is a step of a plan.
type planned struct {
	Agent string `json:"agent"`
	Task  string `json:"task"`
}

// deep has the lead plan steps, which members carry out one after the other, has
// it plan more as long as something is missing, and has it write the result.
func (t *team) deep(ctx context.Context) (agent.Result, error) {
	var done []answer
	for round := 1; round <= t.job.Fleet.Deep.MaxRounds; round++ {
		steps, err := t.plan(ctx, round, done)
		if err != nil {
			return agent.Result{Text: merged(done)}, err
		}
		if len(steps) == 0 {
			break
		}
		if done, err = t.carryOut(ctx, steps, done); err != nil {
			return agent.Result{Text: merged(done)}, err
		}
	}
	if len(done) > 0 {
		if err := allFailed(done); err != nil {
			return agent.Result{}, err
		}
	}
	return t.synthesize(ctx, materialOf(done), done, t.job.Fleet.Deep.Synthesizer)
}

// plan asks the lead for the steps of a round; none if nothing is missing.
func (t *team) plan(ctx context.Context, round int, done []answer) ([]planned, error) {
	lead, least := t.lead(), 0
	what := "Look at what was found so far, which is in the data. If something is missing that a step could still find out, or a step failed that can be done otherwise, " +
		"plan further steps. Else answer with an empty list."
	if round == 1 {
		least = 1
		what = "Plan the work before anybody begins."
	}
	schema, err := listSchema("steps", least, maxSteps, []string{"agent", "task"}, map[string]any{
		"agent": map[string]any{"type": "string", "enum": namesOf(t.workers())},
		"task":  map[string]any{"type": "string", "minLength": 1},
	})
	if err != nil {
		return nil, err
	}
	result, err := t.askOne(ctx, assignment{branch: fmt.Sprintf("plan %d", round), member: lead, schema: schema, material: materialOf(done),
		brief: joined(t.standing(lead), roster(t.workers()), t.workflow(), t.job.Fleet.Deep.Planner, fmt.Sprintf(
			"%s A plan is a list of at most %d steps, each with the member that carries it out and its task. They are carried out in this order; each sees the results of those before. "+
				"Round %d of at most %d. Do not carry them out yourself.", what, maxSteps, round, t.job.Fleet.Deep.MaxRounds), unposted)})
	if err != nil {
		return nil, err
	}
	var plan struct{ Steps []planned }
	if err := json.Unmarshal(result.Value, &plan); err != nil {
		return nil, fmt.Errorf("decode plan: %w", err)
	}
	return plan.Steps, nil
}

// carryOut has members carry steps out, and returns all answers so far. A step
// that fails is told of; the lead may plan otherwise.
func (t *team) carryOut(ctx context.Context, steps []planned, done []answer) ([]answer, error) {
	for _, s := range steps {
		i := slices.IndexFunc(t.members, func(m member) bool { return m.Name == s.Agent })
		if i < 0 {
			return done, errors.New("the plan names " + s.Agent + ", who is no member") // the schema leaves no other
		}
		who := t.members[i]
		answers, err := t.askAll(ctx, []assignment{{branch: fmt.Sprintf("step %d", len(done)+1), member: who, task: s.Task, material: materialOf(done),
			brief: joined(t.standing(who), "You carry out one step of a plan. The results of the steps before are in the data. "+unposted)}})
		if err != nil {
			return done, err
		}
		done = append(done, answers...)
	}
	return done, nil
}
