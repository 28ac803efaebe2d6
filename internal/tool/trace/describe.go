package trace

import (
	"regexp"
	"strings"

	"github.com/aofctl/aofctl/internal/markup/doc"
	"github.com/aofctl/aofctl/internal/markup/markdown"
	"github.com/aofctl/aofctl/internal/requirement"
)

// criteriaHeading begins the part of a description that is made by code.
const criteriaHeading = "Acceptance criteria"

// describe makes an issue's description: what the model wrote, the criteria as they
// are registered, and where they come from.
func describe(text string, r *requirement.Requirement, ref requirement.Reference, address, page string) string {
	out := strings.TrimSpace(text)
	if r != nil && len(r.Criteria) > 0 {
		out = withoutCriteria(out)
	}
	if part := criteriaPart(r, ref, address, page); part != "" {
		out = strings.TrimSpace(out + "\n\n" + part)
	}
	return out
}

// criteriaPart are the criteria of a requirement, as text that means nothing else
// whatever it is, and a link to it.
func criteriaPart(r *requirement.Requirement, ref requirement.Reference, address, page string) string {
	d := doc.New(doc.Document)
	name := page
	if r != nil {
		name = r.Name() + " (" + page + ")"
		if len(r.Criteria) > 0 {
			d.Add(&doc.Node{Kind: doc.Heading, Level: 2, Children: []*doc.Node{doc.NewText(doc.Text, criteriaHeading)}})
			list := doc.New(doc.Bullets)
			for _, c := range r.Criteria {
				list.Add(doc.New(doc.Item, doc.New(doc.Paragraph, doc.New(doc.Strong, doc.NewText(doc.Text, c.ID)), doc.NewText(doc.Text, ": "+doc.OneLine(c.Text)))))
			}
			d.Add(list)
		}
	}
	d.Add(doc.New(doc.Paragraph, doc.NewText(doc.Text, "Source: "),
		&doc.Node{Kind: doc.Link, Target: address, Children: []*doc.Node{doc.NewText(doc.Text, doc.OneLine(name))}},
		doc.NewText(doc.Text, " · "), doc.NewText(doc.Span, ref.String())))
	return markdown.Write(d)
}

var (
	ownCriteria = regexp.MustCompile(`(?i)^\s*(?:#{1,6}\s*)?(?:\*\*|__)?\s*acceptance criteria\s*:?\s*(?:\*\*|__)?\s*:?\s*$`)
	anyHeading  = regexp.MustCompile(`^\s*(?:#{1,6}\s+\S|\*\*[^*]+\*\*:?\s*$)`)
)

// withoutCriteria takes out what a model wrote under the heading that is made by
// code, so that an issue has it once.
func withoutCriteria(text string) string {
	var out []string
	skipping := false
	for line := range strings.SplitSeq(text, "\n") {
		switch {
		case ownCriteria.MatchString(line):
			skipping = true
			continue
		case skipping && anyHeading.MatchString(line):
			skipping = false
		}
		if !skipping {
			out = append(out, line)
		}
	}
	return strings.TrimSpace(strings.Join(out, "\n"))
}
