package requirement_test

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/aofctl/aofctl/internal/requirement"
)

// registered is the register of a page after its requirements were found for the
// first time.
func registered(found ...requirement.Found) requirement.Register {
	return again(requirement.Register{}, 1, found...).Register
}

// again finds requirements in a version of the page.
func again(before requirement.Register, version int, found ...requirement.Found) requirement.Reconciled {
	return requirement.Reconcile(before, found, requirement.Seen{Version: version, Complete: true})
}

// kinds are the changes by id.
func kinds(r requirement.Reconciled) map[string]string {
	out := map[string]string{}
	for _, c := range r.Changes {
		out[c.ID] = strings.TrimSpace(string(c.Kind) + " " + strings.Join(c.What, " "))
	}
	return out
}

func digest() requirement.Found {
	return requirement.Found{Explicit: "REQ-1", Title: "Digest mode", Text: "Messages are put together every 15 minutes.",
		Anchor: "digest-mode", Section: "Digest mode", Criteria: []string{"At most ten messages", "No empty digest is sent"}}
}

func quiet() requirement.Found {
	return requirement.Found{Title: "Quiet hours", Text: "Nothing is sent between 22:00 and 7:00 in the user's time zone.", Anchor: "quiet-hours", Section: "Quiet hours"}
}

func leaving() requirement.Found {
	return requirement.Found{Title: "Unsubscribing", Text: "Every message has a link that ends the subscription.", Anchor: "unsubscribing", Section: "Unsubscribing"}
}

func TestARequirementGetsAReadableID(t *testing.T) {
	for want, f := range map[string]requirement.Found{
		"req-12":                {Explicit: "REQ-12", Title: "Login"},
		"fr-3-1":                {Explicit: "FR 3.1", Title: "Login"},
		"login-with-a-token":    {Title: "Login — with a *token*!"},
		"über-größe":            {Title: "Über Größe"},
		"ログイン":                  {Title: "ログイン"},
		"details":               {Title: "…", Section: "Details"},
		"requirement":           {Title: "!!!"},
		strings.Repeat("a", 48): {Title: strings.Repeat("a", 60)},
	} {
		r := registered(f)
		if len(r.Requirements) != 1 || r.Requirements[0].ID != want {
			t.Errorf("%+v got %+v, want %s", f, r.Requirements, want)
		}
		if !requirement.ValidID(want) {
			t.Errorf("%s is no valid id", want)
		}
	}
}

func TestWhatChangedIsTold(t *testing.T) {
	edit := func(f requirement.Found, change func(*requirement.Found)) requirement.Found {
		f.Criteria = slices.Clone(f.Criteria)
		change(&f)
		return f
	}
	before := registered(digest(), quiet(), leaving())
	for name, c := range map[string]struct {
		found []requirement.Found
		want  map[string]string
	}{
		"nothing": {[]requirement.Found{digest(), quiet(), leaving()}, map[string]string{"req-1": "unchanged", "quiet-hours": "unchanged", "unsubscribing": "unchanged"}},
		"order":   {[]requirement.Found{leaving(), quiet(), digest()}, map[string]string{"req-1": "unchanged", "quiet-hours": "unchanged", "unsubscribing": "unchanged"}},
		"white space and case": {[]requirement.Found{edit(digest(), func(f *requirement.Found) {
			f.Title, f.Text = "digest  MODE", " **Messages** are put together every 15\nminutes."
		}), quiet(), leaving()},
			map[string]string{"req-1": "unchanged", "quiet-hours": "unchanged", "unsubscribing": "unchanged"}},
		"a text": {[]requirement.Found{digest(), edit(quiet(), func(f *requirement.Found) { f.Text = "Nothing is sent between 23:00 and 6:00 in the user's time zone." }), leaving()},
			map[string]string{"req-1": "unchanged", "quiet-hours": "changed text", "unsubscribing": "unchanged"}},
		"a title": {[]requirement.Found{digest(), edit(quiet(), func(f *requirement.Found) {
			f.Title, f.Anchor, f.Section = "Silence at night", "silence-at-night", "Silence at night"
		}), leaving()},
			map[string]string{"req-1": "unchanged", "quiet-hours": "changed title section", "unsubscribing": "unchanged"}},
		"an id that was given later": {[]requirement.Found{digest(), edit(quiet(), func(f *requirement.Found) { f.Explicit = "REQ-2" }), leaving()},
			map[string]string{"req-1": "unchanged", "quiet-hours": "changed id", "unsubscribing": "unchanged"}},
		"everything but the id": {[]requirement.Found{{Explicit: "req-1", Title: "Batches", Text: "Wholly other words here"}, quiet(), leaving()},
			map[string]string{"req-1": "changed title criteria", "quiet-hours": "unchanged", "unsubscribing": "unchanged"}},
		"one is gone": {[]requirement.Found{digest(), leaving()}, map[string]string{"req-1": "unchanged", "quiet-hours": "removed state", "unsubscribing": "unchanged"}},
		"one is new": {[]requirement.Found{digest(), quiet(), leaving(), {Title: "Fax", Text: "Messages can be faxed."}},
			map[string]string{"req-1": "unchanged", "quiet-hours": "unchanged", "unsubscribing": "unchanged", "fax": "new"}},
		"another one has the title of one that is gone": {[]requirement.Found{{Explicit: "REQ-7", Title: "Digest mode", Text: "x"}, quiet(), leaving()},
			map[string]string{"req-1": "removed state", "req-7": "new", "quiet-hours": "unchanged", "unsubscribing": "unchanged"}},
		"two changed places and titles": {[]requirement.Found{
			edit(quiet(), func(f *requirement.Found) { f.Anchor, f.Section = "unsubscribing", "Unsubscribing" }),
			edit(leaving(), func(f *requirement.Found) { f.Anchor, f.Section = "quiet-hours", "Quiet hours" }), digest()},
			map[string]string{"req-1": "unchanged", "quiet-hours": "changed section", "unsubscribing": "changed section"}},
		"a model says which one it is": {[]requirement.Found{digest(), leaving(), {ID: "quiet-hours", Title: "No post at night", Text: "So that people sleep."}},
			map[string]string{"req-1": "unchanged", "quiet-hours": "changed title", "unsubscribing": "unchanged"}},
	} {
		t.Run(name, func(t *testing.T) {
			if diff := cmp.Diff(c.want, kinds(again(before, 2, c.found...))); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestCriteriaKeepTheirIDs(t *testing.T) {
	before := registered(digest())
	f := digest()
	f.Criteria = []string{"A fax is never sent", "No empty digest is ever sent", " at most  TEN messages "}
	r := again(before, 2, f)
	want := []requirement.Criterion{{ID: "ac-3", Text: "A fax is never sent"}, {ID: "ac-2", Text: "No empty digest is ever sent"}, {ID: "ac-1", Text: "at most TEN messages"}}
	if diff := cmp.Diff(want, r.Register.Requirements[0].Criteria); diff != "" {
		t.Error(diff)
	}
	change := requirement.Change{ID: "req-1", Kind: requirement.Changed, What: []string{"criteria"}, Added: []string{"ac-3"}, Edited: []string{"ac-2"}}
	if diff := cmp.Diff([]requirement.Change{change}, r.Changes); diff != "" {
		t.Error(diff)
	}
	f.Criteria = []string{"Something else altogether"}
	r = again(r.Register, 3, f)
	if diff := cmp.Diff([]string{"ac-3", "ac-2", "ac-1"}, r.Changes[0].Dropped); diff != "" {
		t.Error(diff)
	}
	if got := r.Register.Requirements[0].Criteria; len(got) != 1 || got[0].ID != "ac-4" {
		t.Errorf("an id was given again: %+v", got)
	}
}

func TestARequirementThatWasGoneComesBack(t *testing.T) {
	r := again(registered(digest(), quiet()), 2, digest())
	if got := r.Register.Requirements[1]; got.State != requirement.Removed || got.Gone != 2 {
		t.Fatalf("it is %+v", got)
	}
	r = again(r.Register, 3, digest())
	if got := r.Changes[1]; got.Tells() {
		t.Errorf("that it is still gone is told again: %+v", got)
	}
	r = again(r.Register, 4, quiet(), digest())
	if diff := cmp.Diff(map[string]string{"req-1": "unchanged", "quiet-hours": "returned"}, kinds(r)); diff != "" {
		t.Error(diff)
	}
	if got := r.Register.Requirements[0]; got.State != requirement.Current || got.Gone != 0 || got.Since != 1 {
		t.Errorf("it is %+v", got)
	}
}

func TestAnIDIsNeverGivenToAnother(t *testing.T) {
	r := again(registered(quiet()), 2)
	r = again(r.Register, 3, requirement.Found{Title: "Quiet hours!", Text: "A bell that rings softly for sleepers nearby, tuned to each listener.", Criteria: []string{"Volume below forty decibel everywhere"}})
	if got := r.Register.Requirements[0].ID; got != "quiet-hours" {
		t.Errorf("the same title did not come back: %s", got)
	}
	r = again(r.Register, 4)
	r = again(r.Register, 5, requirement.Found{Explicit: "QUIET-HOURS-1", Title: "Quiet hours"}, requirement.Found{Title: "Quiet, hours", Section: "Other"})
	ids := map[string]bool{}
	for _, one := range r.Register.Requirements {
		if ids[one.ID] {
			t.Errorf("%s is there twice", one.ID)
		}
		ids[one.ID] = true
	}
}

func TestAListThatIsNotCompleteRemovesNothing(t *testing.T) {
	r := requirement.Reconcile(registered(digest(), quiet()), []requirement.Found{quiet()}, requirement.Seen{Version: 2})
	if diff := cmp.Diff(map[string]string{"req-1": "not named", "quiet-hours": "unchanged"}, kinds(r)); diff != "" {
		t.Error(diff)
	}
	if len(r.Register.Requirements) != 2 || r.Register.Requirements[1].State != requirement.Current {
		t.Errorf("%+v", r.Register)
	}
}

func TestMergedAndSplitRequirementsAreTold(t *testing.T) {
	before := registered(digest(), quiet(), leaving())
	merged := digest()
	merged.Text += " " + quiet().Text + " " + quiet().Title
	r := again(before, 2, merged, leaving())
	if len(r.Notes) != 1 || !strings.Contains(r.Notes[0], "quiet-hours is gone and seems to be a part of req-1") {
		t.Errorf("merged: %q, %v", r.Notes, kinds(r))
	}
	back := again(r.Register, 3, digest(), requirement.Found{Title: "Silence", Text: quiet().Text + " " + quiet().Title}, leaving())
	if id := back.Register.Requirements[1].ID; id != "quiet-hours" {
		t.Errorf("it did not come back: %s", id)
	}
	whole := requirement.Found{Explicit: "REQ-5", Title: "Sign-in", Text: "People sign in with a password of twelve letters. A second factor from a phone is asked for every month."}
	r = again(registered(whole), 2,
		requirement.Found{Explicit: "REQ-5", Title: "Sign-in", Text: "People sign in with a password of twelve letters."},
		requirement.Found{Explicit: "REQ-6", Title: "Second factor", Text: "A second factor from a phone is asked for every month."})
	if len(r.Notes) != 1 || !strings.Contains(r.Notes[0], "req-6 is new and seems to have been a part of req-5") {
		t.Errorf("split: %q", r.Notes)
	}
}

func TestTwoThatAreGivenAsOneAreTold(t *testing.T) {
	a, b := digest(), quiet()
	a.ID, b.ID = "req-1", "req-1"
	r := again(registered(digest(), quiet()), 2, b, a)
	if diff := cmp.Diff(map[string]string{"req-1": "unchanged", "quiet-hours": "unchanged"}, kinds(r)); diff != "" {
		t.Error(diff)
	}
	if len(r.Notes) != 1 || !strings.Contains(r.Notes[0], `"Quiet hours" was given as req-1`) {
		t.Errorf("notes %q", r.Notes)
	}
}

// page is a random page of requirements that have little in common.
func page(rnd *rand.Rand, n int) []requirement.Found {
	var out []requirement.Found
	for i := range n {
		f := requirement.Found{Title: sentence(rnd, i, 3), Text: sentence(rnd, i, 12), Section: sentence(rnd, i, 2)}
		f.Anchor = requirement.Slug(f.Section)
		if rnd.IntN(2) == 0 {
			f.Explicit = fmt.Sprintf("REQ-%d", i+1)
		}
		for range rnd.IntN(4) {
			f.Criteria = append(f.Criteria, sentence(rnd, i, 6))
		}
		out = append(out, f)
	}
	return out
}

func sentence(rnd *rand.Rand, topic, n int) string {
	var words []string
	for range n {
		words = append(words, fmt.Sprintf("w%dx%d", topic, rnd.IntN(5000)))
	}
	return strings.Join(words, " ")
}

// idsByTopic are the ids of requirements by their titles' topic, which no edit below
// changes.
func idsByTopic(r requirement.Register) map[string]string {
	out := map[string]string{}
	for _, one := range r.Requirements {
		topic, _, _ := strings.Cut(one.Title, "x")
		out[topic] = one.ID
	}
	return out
}

// TestIDsSurviveEditsOfOthers shuffles pages, and edits, retitles, adds and removes
// requirements on them: whoever was not touched keeps the id, whoever was edited a
// little does, and nothing is lost.
func TestIDsSurviveEditsOfOthers(t *testing.T) {
	for seed := range uint64(300) {
		rnd := rand.New(rand.NewPCG(seed, 1)) //nolint:gosec // a test
		found := page(rnd, 2+rnd.IntN(8))
		before := registered(found...)
		ids := idsByTopic(before)
		for version := 2; version < 6; version++ {
			found = edited(rnd, found)
			one := again(before, version, found...)
			shuffled := slices.Clone(found)
			rnd.Shuffle(len(shuffled), func(i, j int) { shuffled[i], shuffled[j] = shuffled[j], shuffled[i] })
			other := again(before, version, shuffled...)
			if diff := cmp.Diff(idsByTopic(one.Register), idsByTopic(other.Register)); diff != "" {
				t.Fatalf("seed %d: the order counts: %s", seed, diff)
			}
			now := idsByTopic(one.Register)
			for topic, id := range ids {
				if now[topic] != id {
					t.Fatalf("seed %d, version %d: %s was %s and is %s", seed, version, topic, id, now[topic])
				}
			}
			before, ids = one.Register, now
		}
	}
}

// edited changes one thing of a page: who is changed stays recognisable, by the id,
// the title or most of the words.
func edited(rnd *rand.Rand, found []requirement.Found) []requirement.Found {
	out := slices.Clone(found)
	i := rnd.IntN(len(out))
	f := out[i]
	f.Criteria = slices.Clone(f.Criteria)
	topic := 0
	_, _ = fmt.Sscanf(f.Title, "w%d", &topic)
	switch rnd.IntN(5) {
	case 0:
		f.Text += " " + sentence(rnd, topic, 2)
	case 1:
		f.Title, f.Section = sentence(rnd, topic, 1), sentence(rnd, topic, 2)
		f.Anchor = requirement.Slug(f.Section)
	case 2:
		f.Criteria = append(f.Criteria, sentence(rnd, topic, 4))
	case 3:
		f.Explicit = ""
	case 4:
		return append(out, page(rnd, 1+len(out)+rnd.IntN(40))[len(out)])
	}
	out[i] = f
	return out
}

// TestNothingIsEverLost puts random lists into a register, again and again: no
// requirement and no issue of it ever goes away, and no id is there twice.
func TestNothingIsEverLost(t *testing.T) {
	for seed := range uint64(200) {
		rnd := rand.New(rand.NewPCG(seed, 2)) //nolint:gosec // a test
		var r requirement.Register
		had := map[string]bool{}
		for version := 1; version < 8; version++ {
			found := page(rnd, rnd.IntN(6))
			if rnd.IntN(3) == 0 && len(found) > 1 {
				found[1].Explicit, found[1].Title = found[0].Explicit, found[0].Title
			}
			out := requirement.Reconcile(r, found, requirement.Seen{Version: version, Complete: rnd.IntN(2) == 0})
			now := map[string]bool{}
			for i, one := range out.Register.Requirements {
				if now[one.ID] || !requirement.ValidID(one.ID) || out.Changes[i].ID != one.ID {
					t.Fatalf("seed %d: %+v", seed, one)
				}
				now[one.ID] = true
			}
			for id := range had {
				if !now[id] {
					t.Fatalf("seed %d: %s is lost", seed, id)
				}
			}
			had, r = now, out.Register
		}
	}
}
