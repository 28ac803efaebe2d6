package fleet

import (
	"context"
	"fmt"

	"github.com/aofctl/aofctl/internal/agent"
)

// pipeline has one member after the other do its part.
func (t *team) pipeline(ctx context.Context) (agent.Result, error) {
	var done []answer
	for i, m := range t.members {
		part := assignment{branch: m.Name, member: m, material: materialOf(done)}
		place := fmt.Sprintf("You are number %d of %d who work one after the other. The answers of those before you are in the data.", i+1, len(t.members))
		last := i == len(t.members)-1
		if last {
			part.schema = t.job.Schema
			part.brief = joined(t.standing(m), t.workflow(), place, "Do your own part only. "+posted)
		} else {
			part.brief = joined(t.standing(m), t.workflow(), place, "Do your own part only. "+unposted)
		}
		result, err := t.askOne(ctx, part)
		switch {
		case err != nil:
			return agent.Result{Text: merged(done)}, err
		case last:
			return result, nil
		}
		done = append(done, answer{assignment: part, Result: result})
	}
	return agent.Result{}, nil
}
