package requirement_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/aofctl/aofctl/internal/markup/markdown"
	"github.com/aofctl/aofctl/internal/markup/storage"
	"github.com/aofctl/aofctl/internal/requirement"
)

func outline(md string) requirement.Outline { return requirement.Read(markdown.Parse(md, false)) }

func TestWhatLooksLikeARequirementIsFound(t *testing.T) {
	type want = requirement.Candidate
	for name, c := range map[string]struct {
		page string
		want []want
	}{
		"headings with ids": {"# Spec\n\nIntro.\n\n## REQ-1: Digest mode\n\nMessages must be put together.\n\nEvery 15 minutes.\n\n### Notes\n\nSee below.\n\n## REQ-2 Quiet hours\n\nNothing at night.\n\n# Other\n\nText.",
			[]want{
				{Explicit: "REQ-1", Title: "Digest mode", Section: "REQ-1: Digest mode", Anchor: "req-1-digest-mode", Text: "Digest mode\nMessages must be put together.\nEvery 15 minutes.\nNotes\nSee below."},
				{Explicit: "REQ-2", Title: "Quiet hours", Section: "REQ-2 Quiet hours", Anchor: "req-2-quiet-hours", Text: "Quiet hours\nNothing at night."},
			}},
		"criteria below a label": {"## FR-3 – Login\n\nPeople log in.\n\n**Acceptance criteria:**\n\n- A wrong password is refused\n- AC-2: Five of them lock the account\n  - for ten minutes\n\nMore text.",
			[]want{{Explicit: "FR-3", Title: "Login", Section: "FR-3 – Login", Anchor: "fr-3-login",
				Text:     "Login\nPeople log in.\nA wrong password is refused\nAC-2: Five of them lock the account\nfor ten minutes\nMore text.",
				Criteria: []string{"A wrong password is refused", "Five of them lock the account", "for ten minutes"}}}},
		"criteria below a heading": {"## NFR-1: Speed\n\n### Acceptance Criteria\n\n1. Under a second\n2. With 1000 people\n\n### Remarks\n\n- none",
			[]want{{Explicit: "NFR-1", Title: "Speed", Section: "NFR-1: Speed", Anchor: "nfr-1-speed", Text: "Speed\nUnder a second\nWith 1000 people\nRemarks\nnone",
				Criteria: []string{"Under a second", "With 1000 people"}}}},
		"a section without an id that has criteria": {"# Payments\n\n## Refunds\n\nMoney goes back.\n\nAcceptance criteria:\n\n- within a day\n\n## Other\n\nx",
			[]want{{Title: "Refunds", Section: "Refunds", Anchor: "refunds", Text: "Refunds\nMoney goes back.\nAcceptance criteria:\nwithin a day", Criteria: []string{"within a day"}}}},
		"scenarios": {"## US-1: Login\n\nAcceptance criteria\n\nGiven a user, when the password is wrong, then it is refused.\n\nThat is all.",
			[]want{{Explicit: "US-1", Title: "Login", Section: "US-1: Login", Anchor: "us-1-login",
				Text:     "Login\nGiven a user, when the password is wrong, then it is refused.\nThat is all.",
				Criteria: []string{"Given a user, when the password is wrong, then it is refused."}}}},
		"items": {"# Requirements\n\n- REQ-1: The first. It has more words.\n- The second one has no id\n  - and a part\n\n# Issues\n\n- none of these",
			[]want{
				{Explicit: "REQ-1", Title: "The first. It has more words", Section: "Requirements", Text: "The first. It has more words."},
				{Title: "The second one has no id", Section: "Requirements", Text: "The second one has no id"},
				{Title: "and a part", Section: "Requirements", Text: "and a part"},
			}},
		"paragraphs": {"**SPEC-7.** The system shall do this. And that.\n\nMore of it.\n\nPAY-12: Money comes back.",
			[]want{
				{Explicit: "SPEC-7", Title: "The system shall do this", Text: "The system shall do this. And that.\nMore of it."},
				{Explicit: "PAY-12", Title: "Money comes back", Text: "Money comes back."},
			}},
		"a table": {"## List\n\n| ID | Requirement | Acceptance criteria |\n|---|---|---|\n| REQ-1 | Digest mode | at most ten<br>never empty |\n| 2 | Quiet hours | |\n| | | |",
			[]want{
				{Explicit: "REQ-1", Title: "Digest mode", Section: "List", Text: "Digest mode", Criteria: []string{"at most ten", "never empty"}},
				{Explicit: "2", Title: "Quiet hours", Section: "List", Text: "Quiet hours"},
			}},
		"what is no requirement": {"UTF-8: an encoding\n\nStep 1: do it\n\nAC-1: a criterion\n\nTC-1: a case\n\nPROJ-12 is an issue\n\n- [PROJ-12: An issue](https://x.example/browse/PROJ-12)\n- Version 2.0: better\n\n" +
			"| Case | Requirement | Steps | Expected |\n|---|---|---|---|\n| TC-1 | REQ-1 | a | b |\n\n| a | b |\n|---|---|\n| 1 | 2 |", nil},
		"nothing": {"", nil},
	} {
		t.Run(name, func(t *testing.T) {
			if diff := cmp.Diff(c.want, outline(c.page).Candidates); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestAnchorsOfAPageAreFound(t *testing.T) {
	anchor := func(name string) string {
		return `<ac:structured-macro ac:name="anchor" ac:schema-version="1"><ac:parameter ac:name="">` + name + `</ac:parameter></ac:structured-macro>`
	}
	d, _ := storage.Parse(`<h2>` + anchor("digest") + `REQ-1: Digest mode</h2><p>x</p><p>` + anchor("night") + `</p><h2>REQ-2: Quiet hours</h2>` +
		`<h1>Requirements</h1><ul><li>` + anchor("bye") + `Unsubscribing works</li></ul>` +
		`<ac:structured-macro ac:name="panel"><ac:rich-text-body><p>` + anchor("boxed") + `REQ-3: In a box</p></ac:rich-text-body></ac:structured-macro>`)
	want := []string{"REQ-1 digest", "REQ-2 night", " bye", "REQ-3 boxed"}
	var got []string
	for _, c := range requirement.Read(d).Candidates {
		got = append(got, c.Explicit+" "+c.Anchor)
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

func TestFoundRequirementsAreHeldAgainstThePage(t *testing.T) {
	o := outline("# Spec\n\n## REQ-1: Digest mode\n\nMessages are put together.\n\nAcceptance criteria:\n\n- At most ten messages\n- No empty digest is sent\n\n" +
		"## Unsubscribing\n\nEvery message has a link that ends it at once.\n\n## Limits\n\n- A day has at most 100 messages per person\n- A message has at most 1000 characters\n")
	one, notes := requirement.Ground(o, []requirement.Found{
		{ID: "req-1", Title: "The digest mode", Text: "put in other words", Criteria: []string{"1. at most ten messages!", "An empty digest is not sent", "Something of the model's own"}},
		{Title: "Unsubscribe", Section: "## Unsubscribing", Text: "words", Criteria: []string{"1) Each message has a link that ends it at once", "One of the model's own"}},
		{Title: "Messages a day", Section: "limits", Text: "At most 100 messages per person a day"},
		{Title: "Length", Section: "Spec > Limits", Text: "A message is at most 1000 characters"},
		{Title: "Elsewhere", Section: "Nowhere", Text: "t"},
	})
	want := []requirement.Found{
		{ID: "req-1", Explicit: "REQ-1", Title: "Digest mode", Text: "put in other words", Section: "REQ-1: Digest mode", Anchor: "req-1-digest-mode",
			Said:     "Digest mode\nMessages are put together.\nAt most ten messages\nNo empty digest is sent",
			Criteria: []string{"At most ten messages", "No empty digest is sent"}},
		{Title: "Unsubscribe", Section: "Unsubscribing", Anchor: "unsubscribing", Text: "words", Said: "Every message has a link that ends it at once.",
			Criteria: []string{"Every message has a link that ends it at once.", "One of the model's own"}},
		{Title: "Messages a day", Section: "Limits", Text: "At most 100 messages per person a day", Said: "A day has at most 100 messages per person"},
		{Title: "Length", Section: "Limits", Text: "A message is at most 1000 characters", Said: "A message has at most 1000 characters"},
		{Title: "Elsewhere", Text: "t"},
	}
	if diff := cmp.Diff(want, one); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff([]string{`the page has no section "Nowhere"`}, notes); diff != "" {
		t.Error(diff)
	}
}

func TestHowAModelPutsItDoesNotCount(t *testing.T) {
	o := outline("## REQ-1: Digest mode\n\nMessages are put together.\n\n## Unsubscribing\n\nEvery message has a link.\n")
	find := func(found ...requirement.Found) []requirement.Found {
		out, _ := requirement.Ground(o, found)
		return out
	}
	before := registered(find(requirement.Found{ID: "REQ-1", Title: "Digest", Text: "one way"}, requirement.Found{Title: "Unsubscribing", Section: "Unsubscribing"})...)
	r := again(before, 2, find(requirement.Found{Title: "Link to unsubscribe", Section: "Unsubscribing", Text: "other words"}, requirement.Found{ID: "req-1", Title: "Digest mode for mail", Text: "another way"})...)
	for _, c := range r.Changes {
		for _, what := range c.What {
			if what == "text" || what == "criteria" {
				t.Errorf("%s changed in %s", c.ID, what)
			}
		}
	}
	if len(r.Register.Requirements) != 2 {
		t.Errorf("%+v", r.Register.Requirements)
	}
}

func FuzzOutline(f *testing.F) {
	for _, seed := range []string{"# REQ-1\n\n- a", "| ID | Requirement |\n|---|---|\n| 1 | x |", "Acceptance criteria\n- a", "> REQ-1: x\n> - y", "## Requirements\n\n- [x](y)", "⟦anchor a:b⟧ REQ-1:"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, page string) {
		d := markdown.Parse(page, false)
		o := requirement.Read(d)
		var found []requirement.Found
		for _, c := range o.Candidates {
			found = append(found, requirement.Found{Explicit: c.Explicit, Title: c.Title, Text: c.Text, Section: c.Section, Anchor: c.Anchor, Criteria: c.Criteria})
		}
		found, _ = requirement.Ground(o, found)
		r := again(requirement.Register{}, 1, found...)
		if len(r.Register.Requirements) != len(found) {
			t.Fatalf("%d of %d were registered", len(r.Register.Requirements), len(found))
		}
		for _, one := range r.Register.Requirements {
			if !requirement.ValidID(one.ID) {
				t.Fatalf("id %q", one.ID)
			}
		}
		for _, c := range again(r.Register, 2, found...).Changes {
			if c.Kind == requirement.New {
				t.Fatalf("%s is new for the second time", c.ID)
			}
		}
		requirement.Cover(r.Register, requirement.ReadPlan(d), requirement.Written{Page: "1"})
	})
}
