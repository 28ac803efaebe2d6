package trace

import (
	"context"
	"time"

	"github.com/aofctl/aofctl/internal/requirement"
	"github.com/aofctl/aofctl/internal/tool"
	tooljira "github.com/aofctl/aofctl/internal/tool/jira"
)

const (
	// claimedFor is how long a call may take to make an issue, with the retries of its
	// step. After that it is taken for dead, and whoever comes looks for what it made.
	claimedFor = 20 * time.Minute
	// claimedAhead is how far the clock of another daemon may be ahead of ours. A claim
	// that begins later than that is none of a daemon's: whoever edits the page could
	// hold up the issue for as long as they like with one.
	claimedAhead = 5 * time.Minute
	// claimedAgain is how long is waited before a claim of another call is looked at
	// again.
	claimedAgain = 20 * time.Second
)

// claim notes in the register that this call makes the issue, so that no other makes
// one at the same time. Where there is an issue, nothing is noted.
func (j job) claim(ctx context.Context, s subject, project string) error {
	_, err := j.change(ctx, j.call.ID+"#claim", s.page.ID, func(k *kept) error {
		one, err := s.requirement(&k.Register)
		if err != nil {
			return err
		}
		issues, claim := k.Slot(one)
		now := j.now().UTC()
		switch {
		case len(*issues) > 0:
			return nil
		case *claim == nil || (*claim).Call == j.call.ID:
			since := now.Truncate(time.Second)
			if *claim != nil {
				since = (*claim).Since
			}
			*claim = &requirement.Claim{Call: j.call.ID, Project: project, Since: since}
		case alive(**claim, now):
			return &busyError{"another run is making the issue of " + s.ref().String(), claimedAgain}
		}
		return nil
	})
	return err
}

// alive reports whether the call that claimed may still be at work.
func alive(c requirement.Claim, now time.Time) bool {
	age := now.Sub(c.Since)
	return age > -claimedAhead && age < claimedFor
}

// release takes the claim of this call back, if it made nothing.
func (j job) release(ctx context.Context, s subject) error {
	_, err := j.change(ctx, j.call.ID+"#release", s.page.ID, func(k *kept) error {
		one, err := s.requirement(&k.Register)
		if err != nil {
			return err
		}
		if _, claim := k.Slot(one); *claim != nil && (*claim).Call == j.call.ID {
			*claim = nil
		}
		return nil
	})
	return err
}

// adopted finds the issue that a call made which died before it could register it, or
// one that has the link although the register does not know it; "" for none.
func (j job) adopted(ctx context.Context, s subject, claim *requirement.Claim) (string, error) {
	if claim != nil && claim.Call != j.call.ID && tool.InProjects(j.call.Projects, claim.Project) {
		key, err := j.jira.Client().FindCreated(ctx, claim.Project, claim.Call, claim.Since)
		if err != nil || key != "" {
			return key, asJira(err)
		}
	}
	keys, _, err := j.find(ctx, `text ~ "\"`+s.ref().String()+`\""`, searchPage)
	if err != nil {
		return "", err
	}
	ties, err := j.ties(ctx, keys)
	for _, tie := range ties {
		if tie.Via == requirement.ViaLink && tie.Ref == s.ref() {
			return tie.Key, err
		}
	}
	return "", err
}

// existing answers the issue that a requirement has, and sees to it that the issue
// has its link.
func (j job) existing(ctx context.Context, s subject, r *requirement.Requirement, issues []requirement.Issue) (any, error) {
	first := issues[0]
	out := j.answer(s, r, first.Key, false)
	out.Outdated = r != nil && r.Behind(first)
	for _, i := range issues[1:] {
		out.Others = append(out.Others, i.Key)
	}
	key, err := tooljira.ParseKey(first.Key)
	if err != nil {
		return nil, refuse("the register of page %s names %q, which is no issue; take it out with atlassian_unlink_requirement", s.page.ID, clip(first.Key, maxName))
	}
	if !tool.InProjects(j.call.Projects, key.Project()) {
		out.Note = "the issue is in a project outside the scope of this run"
		return out, nil
	}
	err = j.jira.Admit(ctx, key)
	if missing(err) {
		return nil, refuse("%s has the issue %s, which is gone or hidden; to make another one, take it out with atlassian_unlink_requirement first", s.ref(), key)
	}
	if err != nil {
		return nil, asJira(err)
	}
	err = j.link(ctx, s, r, first.Key)
	if missing(err) {
		return nil, refuse("%s has the issue %s, which is gone or hidden; to make another one, take it out with atlassian_unlink_requirement first", s.ref(), key)
	}
	return out, err
}
