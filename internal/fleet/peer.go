package fleet

import (
	"context"
	"errors"
	"strings"

	"github.com/aofctl/aofctl/internal/agent"
	"github.com/aofctl/aofctl/internal/manifest"
)

// peer has all members answer at the same time, and puts their answers together.
func (t *team) peer(ctx context.Context) (agent.Result, error) {
	workers := t.workers()
	if len(t.job.Fleet.Consensus.Options) > 0 {
		return t.vote(ctx, workers, nil)
	}
	answers, err := t.askAll(ctx, t.openings(workers, nil))
	if err == nil {
		err = allFailed(answers)
	}
	if err != nil {
		return agent.Result{Text: merged(answers)}, err
	}
	return t.aggregate(ctx, answers, nil)
}

// openings ask members to do the job, each on its own.
func (t *team) openings(list []member, material []agent.Material) []assignment {
	out := make([]assignment, len(list))
	for i, m := range list {
		place := "The others do the same on their own, and the answers are put together afterwards."
		if len(material) > 0 {
			place += " What was found before you is in the data."
		}
		out[i] = assignment{branch: m.Name, member: m, material: material, brief: joined(t.standing(m), t.workflow(), place, unposted)}
	}
	return out
}

// aggregate makes one answer of several. The material is what came before them.
func (t *team) aggregate(ctx context.Context, answers []answer, material []agent.Material) (agent.Result, error) {
	switch t.job.Fleet.Aggregation {
	case manifest.AggregateMerge:
		if t.job.Schema != nil {
			return agent.Result{Text: merged(answers)}, errors.New("answers that are merged are a text and do not fit a schema: use aggregation manager_synthesis")
		}
		return agent.Result{Text: merged(answers)}, nil
	case manifest.AggregateConsensus:
		voters := make([]member, len(answers))
		for i, a := range answers {
			voters[i] = a.member
		}
		return t.vote(ctx, voters, append(material, materialOf(answers)...))
	}
	return t.synthesize(ctx, append(material, materialOf(answers)...), answers, "")
}

// synthesize has the lead write the fleet's text out of the answers.
func (t *team) synthesize(ctx context.Context, material []agent.Material, answers []answer, more string) (agent.Result, error) {
	lead := t.lead()
	result, err := t.askOne(ctx, assignment{branch: "synthesis", member: lead, schema: t.job.Schema, material: material,
		brief: joined(t.standing(lead), t.workflow(),
			"The work is done; the answers of the members are in the data. Make one answer of them: keep what matters, say where they disagree and what is missing. "+
				"Do not do their work again.", more, posted)})
	if err != nil {
		return agent.Result{Text: merged(answers)}, err
	}
	return result, nil
}

// merged puts answers below each other, each under the name of who gave it.
func merged(answers []answer) string {
	var parts []string
	for _, a := range answers {
		parts = append(parts, "## "+a.member.Name+"\n\n"+strings.TrimSpace(a.text()))
	}
	return strings.Join(parts, "\n\n")
}
