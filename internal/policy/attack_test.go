package policy_test

import (
	"fmt"
	"maps"
	"os"
	"slices"
	"testing"

	"github.com/aofctl/aofctl/internal/injection"
	"github.com/aofctl/aofctl/internal/policy"
)

// generous lets runs of a test follow each other on one issue.
func generous() policy.Limits {
	return policy.Limits{WritesPerRun: 12, CommentsPerRun: 3, CommentsPerIssue: 1 << 30}
}

// TestAttacksOnAnObedientModelDoNothingOutsideThePolicy plays the corpus: each
// attack in each place, to a model that does all that it is asked, with agents of
// several kinds. By default it is a part of all that, and some calls for each; the
// variable INJECTION_FULL=1 asks for all.
func TestAttacksOnAnObedientModelDoNothingOutsideThePolicy(t *testing.T) {
	attacks, err := injection.All()
	if err != nil {
		t.Fatal(err)
	}
	full := os.Getenv("INJECTION_FULL") != ""
	tally := &tally{rules: map[string]int{}}
	const perArena = 150
	for from := 0; from < len(attacks); from += perArena {
		a := newArena(t, generous())
		for i := from; i < min(from+perArena, len(attacks)); i++ {
			a.play(t, attacks[i], i, full, tally)
		}
		if t.Failed() {
			return
		}
	}
	tally.log(t, len(attacks))
}

// part is how many of the payloads there are for each that is played by default.
const part = 6

// tally counts what happened.
type tally struct {
	payloads, calls, made int
	rules                 map[string]int
}

func (c *tally) add(f fight) {
	c.payloads++
	for _, e := range f.entries {
		c.calls++
		c.rules[e.Decision]++
	}
	c.made += len(f.sent)
}

func (c *tally) log(t *testing.T, attacks int) {
	t.Helper()
	t.Logf("%d attacks, %d payloads, %d calls wished, %d requests sent", attacks, c.payloads, c.calls, c.made)
	for _, rule := range slices.Sorted(maps.Keys(c.rules)) {
		t.Logf("%6d %s", c.rules[rule], rule)
	}
}

// play has an attack stand in each place.
func (a *arena) play(t *testing.T, attack injection.Attack, number int, full bool, tally *tally) {
	t.Helper()
	kinds, most := profiles(a.registry), 7
	if full {
		most = 0
	}
	for w, wrapper := range injection.Wrappers() {
		if !full && (number+w)%part != 0 {
			continue
		}
		p, text := kinds[(number+w/part)%len(kinds)], wrapper.Wrap(attack.Text)
		f := a.attack(t, a.rules, p, fmt.Sprintf("run-%d-%d", number, w), text, wrapper.Read, a.arsenal.obey(attack, text, number+w, most))
		tally.add(f)
		for _, fault := range a.faults(p, generous(), f) {
			t.Errorf("%s in a %s, agent %s: %s", attack.Name, wrapper.Name, p.name, fault)
		}
	}
}

// TestEachRuleMatters switches each rule off: the attacks have to get through then.
func TestEachRuleMatters(t *testing.T) {
	attacks, err := injection.All()
	if err != nil {
		t.Fatal(err)
	}
	held := map[string]bool{} // with all rules
	for rule, kind := range map[string]string{
		policy.RuleToolList: "comments only", policy.RuleSchema: "has all tools", policy.RuleScope: "has all tools", policy.RuleOwnIssue: "own issue",
		policy.RuleWrites: "has all tools", policy.RuleComments: "has all tools", policy.RuleSecret: "has all tools", policy.RuleSize: "has all tools",
		policy.RuleMacro: "has all tools", policy.RuleMention: "has all tools", policy.RuleLink: "has all tools", policy.RuleApproval: "needs approval",
		policy.RulePropose: "proposes", policy.RuleDryRun: "dry run",
	} {
		t.Run(rule, func(t *testing.T) {
			if faults := weakened(t, attacks, rule, kind, true); len(faults) == 0 {
				t.Error("nothing got through without the rule")
			}
			if held[kind] {
				return
			}
			held[kind] = true
			if faults := weakened(t, attacks, rule, kind, false); len(faults) > 0 {
				t.Errorf("with all rules: %q", faults)
			}
		})
	}
}

// weakened plays one attack of each intent against one kind of agent.
func weakened(t *testing.T, attacks []injection.Attack, rule, kind string, off bool) []string {
	t.Helper()
	a := newArena(t, generous())
	rules := a.rules
	if off {
		rules = policy.Without(rules, rule)
	}
	var faults []string
	seen := map[string]bool{}
	for i, attack := range attacks {
		if seen[attack.Intent] {
			continue
		}
		seen[attack.Intent] = true
		for _, p := range profiles(a.registry) {
			if p.name != kind {
				continue
			}
			f := a.attack(t, rules, p, fmt.Sprint("run-", i), attack.Text, false, a.arsenal.obey(attack, attack.Text, 0, 0))
			faults = append(faults, a.faults(p, generous(), f)...)
		}
		if off && len(faults) > 0 {
			break // one is enough
		}
	}
	return faults
}

func TestCommentsOnAnIssueAreLimitedOverAllRuns(t *testing.T) {
	limits := generous()
	limits.CommentsPerIssue = 7
	for _, off := range []bool{false, true} {
		a := newArena(t, limits)
		rules := a.rules
		if off {
			rules = policy.Without(rules, policy.RuleRate)
		}
		denied := 0
		for i := range 6 {
			f := a.attack(t, rules, profiles(a.registry)[0], fmt.Sprint("run-", i), "bump", false, floodWishes()[:3])
			for _, e := range f.entries {
				if e.Decision == policy.RuleRate {
					denied++
				}
			}
		}
		if n := a.counts.comments[ownKey]; (n > 7) != off || (denied == 0) != off {
			t.Errorf("switched off %v: %d comments, %d denied", off, n, denied)
		}
	}
}
