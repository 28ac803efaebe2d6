package fleet

import (
	"context"
	"encoding/json"
	"fmt"

	"github.com/aofctl/aofctl/internal/agent"
	"github.com/aofctl/aofctl/internal/manifest"
	"github.com/aofctl/aofctl/internal/step"
)

// maxTasks bounds what a swarm's work is split into, maxSize what one of them may
// be estimated at.
const (
	maxTasks = 20
	maxSize  = 5
)

// task is a piece of a swarm's work.
type task struct {
	Task string `json:"task"`
	// Size is what the lead thinks it takes, from 1 to maxSize.
	Size int `json:"size"`
	// Agent is who is to do it; "" for whoever has the least to do.
	Agent string `json:"agent"`
}

// lane is the queue of one worker.
type lane struct {
	worker member
	// tasks are numbers of tasks, in the order in which they are worked on.
	tasks []int
	load  int
}

// swarm has the lead split the work into tasks, which do not need each other's
// results, deals them out, and puts the results together.
func (t *team) swarm(ctx context.Context) (agent.Result, error) {
	tasks, err := t.split(ctx)
	if err != nil {
		return agent.Result{}, err
	}
	answers, err := t.workOff(ctx, tasks, t.deal(tasks))
	if err == nil {
		err = allFailed(answers)
	}
	if err != nil {
		return agent.Result{Text: merged(answers)}, err
	}
	return t.aggregate(ctx, answers, nil)
}

func (t *team) skilled() bool { return t.job.Fleet.Distribution == manifest.DistributeSkill }

// split asks the lead for the tasks.
func (t *team) split(ctx context.Context) ([]task, error) {
	lead := t.lead()
	schema, err := t.taskSchema()
	if err != nil {
		return nil, err
	}
	how := "They are dealt out to the members, who are equal to you."
	if t.skilled() {
		how = "Name for each the member that can do it best.\n\n" + roster(t.workers())
	}
	result, err := t.askOne(ctx, assignment{branch: "tasks", member: lead, schema: schema,
		brief: joined(t.standing(lead), t.workflow(), fmt.Sprintf(
			"Split the work into tasks, at most %d, that can be worked on at the same time: none needs the result of another. "+
				"Who works on a task sees the event and the task, nothing else, so put into it all that has to be known. "+
				"Give each a size from 1 to %d, by how much work it is. %s Do not do the work yourself.", maxTasks, maxSize, how), unposted)})
	if err != nil {
		return nil, err
	}
	var plan struct{ Tasks []task }
	if err := json.Unmarshal(result.Value, &plan); err != nil {
		return nil, fmt.Errorf("decode tasks: %w", err)
	}
	return plan.Tasks, nil
}

func (t *team) taskSchema() (json.RawMessage, error) {
	required := []string{"task", "size"}
	properties := map[string]any{
		"task": map[string]any{"type": "string", "minLength": 1},
		"size": map[string]any{"type": "integer", "minimum": 1, "maximum": maxSize},
	}
	if t.skilled() {
		required = append(required, "agent")
		properties["agent"] = map[string]any{"type": "string", "enum": namesOf(t.workers())}
	}
	return listSchema("tasks", 1, maxTasks, required, properties)
}

// listSchema describes an object with one list of objects.
func listSchema(name string, least, most int, required []string, properties map[string]any) (json.RawMessage, error) {
	schema, err := json.Marshal(map[string]any{"type": "object", "required": []string{name}, "additionalProperties": false,
		"properties": map[string]any{name: map[string]any{"type": "array", "minItems": least, "maxItems": most,
			"items": map[string]any{"type": "object", "required": required, "additionalProperties": false, "properties": properties}}}})
	if err != nil {
		return nil, fmt.Errorf("encode schema of %s: %w", name, err)
	}
	return schema, nil
}

func namesOf(list []member) []string {
	out := make([]string, len(list))
	for i, m := range list {
		out[i] = m.Name
	}
	return out
}

// deal gives each task to a worker: the one that was named for it, the next one,
// or the one whose queue has the least in it; of several, the first.
func (t *team) deal(tasks []task) []lane {
	workers := t.workers()
	lanes := make([]lane, len(workers))
	for i, w := range workers {
		lanes[i].worker = w
	}
	for n, one := range tasks {
		to := n % len(lanes)
		if t.job.Fleet.Distribution != manifest.DistributeRoundRobin {
			to = leastLoaded(lanes, one.Agent)
		}
		lanes[to].tasks = append(lanes[to].tasks, n)
		lanes[to].load += max(one.Size, 1)
	}
	return lanes
}

func leastLoaded(lanes []lane, named string) int {
	best := -1
	for i, l := range lanes {
		if named != "" && l.worker.Name != named {
			continue
		}
		if best < 0 || l.load < lanes[best].load {
			best = i
		}
	}
	return max(best, 0)
}

// workOff has all workers work on their queues at the same time, each on one task
// after the other. A task that fails leaves the others alone.
func (t *team) workOff(ctx context.Context, tasks []task, lanes []lane) ([]answer, error) {
	answers := make([]answer, len(tasks))
	var strands []step.Strand
	for _, l := range lanes {
		for _, n := range l.tasks {
			answers[n].assignment = assignment{branch: fmt.Sprintf("task %d", n+1), member: l.worker, task: tasks[n].Task,
				brief: joined(t.standing(l.worker), "You are given one task of many that are worked on at the same time. "+unposted)}
		}
		if len(l.tasks) > 0 {
			strands = append(strands, step.Strand{Name: t.branches.next(l.worker.Name), Run: func(ctx context.Context, journal step.Journal) error {
				return t.workOn(ctx, journal, answers, l.tasks)
			}})
		}
	}
	errs, err := step.Parallel(ctx, t.journal, MaxParallel, strands...)
	if err != nil {
		return answers, err
	}
	for _, err := range errs {
		if err != nil {
			return answers, err
		}
	}
	return answers, nil
}

// workOn works on a queue. An error is why nobody can go on.
func (t *team) workOn(ctx context.Context, journal step.Journal, answers []answer, queue []int) error {
	for _, n := range queue {
		a := &answers[n]
		strand := step.Strand{Name: a.branch, Run: func(ctx context.Context, journal step.Journal) (err error) {
			a.Result, err = t.ask(ctx, journal, a.assignment)
			return err
		}}
		errs, err := step.Parallel(ctx, journal, 1, strand)
		switch {
		case err != nil:
			return err
		case final(errs[0]):
			return fmt.Errorf("%s: %w", a.member.Name, errs[0])
		case errs[0] != nil:
			a.failed = shorten(errs[0].Error())
		}
	}
	return nil
}
