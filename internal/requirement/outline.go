package requirement

import (
	"strings"

	"github.com/aofctl/aofctl/internal/markup/doc"
)

// Section is a heading of a page and what stands directly below it.
type Section struct {
	Level   int
	Heading string
	// Path is the heading with those above it, such as "Scope > Limits".
	Path string
	// Anchor is the name of an anchor at the heading; "" for none.
	Anchor string
	// Passages are its paragraphs, items of lists and rows of tables.
	Passages []string
}

// Candidate is something on the page that looks like a requirement.
type Candidate struct {
	// Explicit is the id in the text; "" for none.
	Explicit string
	Title    string
	Section  string
	Anchor   string
	// Text is all that the page says of it.
	Text     string
	Criteria []string
}

// Outline is what a page says, in its order: its sections, and what looks like a
// requirement. It is help for whoever reads the page, who may group things otherwise.
type Outline struct {
	Sections   []Section
	Candidates []Candidate
}

// Read makes the outline of a page's document.
func Read(page *doc.Node) Outline {
	r := &reader{candidate: -1}
	r.out.Sections = []Section{{}}
	r.blocks(page.Children, 0)
	for i := range r.out.Candidates {
		c := &r.out.Candidates[i]
		c.Criteria = distinct(c.Criteria)
		c.Text = strings.TrimSpace(c.Text)
	}
	return r.out
}

// reader walks through a page.
type reader struct {
	out Outline
	// candidate is the one that what follows belongs to, or -1; headed is the level of
	// its heading, 0 for one that has none.
	candidate, headed int
	// criteria tells that what follows are acceptance criteria, listing that items of
	// lists are requirements. Both end with the section, of which the levels tell.
	criteria, listing bool
	criteriaLevel     int
	listingLevel      int
	// anchor is that of a macro that stands before its block.
	anchor string
	above  []int
}

func (r *reader) section() *Section { return &r.out.Sections[len(r.out.Sections)-1] }

func (r *reader) blocks(list []*doc.Node, depth int) {
	for _, n := range list {
		switch n.Kind {
		case doc.Heading:
			r.heading(n)
		case doc.Bullets, doc.Numbers:
			r.items(n)
		case doc.Table:
			r.table(n)
		case doc.Panel, doc.Expand, doc.Quote:
			if n.Text != "" {
				r.line(n.Text, "", false)
			}
			if depth < doc.MaxDepth {
				r.blocks(n.Children, depth+1)
			}
		default:
			r.paragraph(n)
		}
	}
}

func (r *reader) heading(n *doc.Node) {
	level, text := n.Level, plain(n)
	if r.candidate >= 0 && (r.headed == 0 || level <= r.headed) {
		r.candidate = -1
	}
	r.criteria = r.criteria && level > r.criteriaLevel
	r.listing = r.listing && level > r.listingLevel
	anchor := r.takeAnchor(n)
	r.enter(level, text, anchor)
	if id, rest := explicitID(text); id != "" {
		r.begin(Candidate{Explicit: id, Title: rest, Anchor: doc.Or(anchor, Slug(text))}, level)
		return
	}
	switch {
	case criteriaLabel(text):
		r.criteria, r.criteriaLevel = true, level
	case requirementsLabel(text):
		r.listing, r.listingLevel = true, level
	case r.listing:
		r.begin(Candidate{Title: text, Anchor: doc.Or(anchor, Slug(text))}, level)
	case r.candidate >= 0:
		r.add(text)
	}
}

func (r *reader) enter(level int, text, anchor string) {
	sections := r.out.Sections
	for len(r.above) > 0 && sections[r.above[len(r.above)-1]].Level >= level {
		r.above = r.above[:len(r.above)-1]
	}
	path := text
	if len(r.above) > 0 {
		path = sections[r.above[len(r.above)-1]].Path + " > " + text
	}
	r.out.Sections = append(r.out.Sections, Section{Level: level, Heading: text, Path: path, Anchor: anchor})
	r.above = append(r.above, len(r.out.Sections)-1)
}

// begin makes a candidate, to which what follows belongs.
func (r *reader) begin(c Candidate, level int) {
	c.Section = r.section().Heading
	c.Text = strings.TrimSpace(c.Title)
	r.out.Candidates = append(r.out.Candidates, c)
	r.candidate, r.headed = len(r.out.Candidates)-1, level
	r.criteria = false
}

// add appends to what the page says of the candidate.
func (r *reader) add(text string) {
	if r.candidate < 0 || text == "" {
		return
	}
	c := &r.out.Candidates[r.candidate]
	c.Text += "\n" + text
}

func (r *reader) takeAnchor(n *doc.Node) string {
	anchor := doc.Or(anchorIn(n), r.anchor)
	r.anchor = ""
	return anchor
}

func (r *reader) paragraph(n *doc.Node) {
	if onlyMacro(n) {
		if name := anchorIn(n); name != "" {
			r.anchor = name
		}
		return
	}
	anchor := r.takeAnchor(n)
	for _, text := range lines(n) {
		r.line(text, anchor, linked(n))
	}
}

// line reads a line of text outside of lists.
func (r *reader) line(text, anchor string, link bool) {
	r.section().Passages = append(r.section().Passages, text)
	if id, rest := explicitID(text); id != "" && !link {
		title := firstSentence(rest)
		r.begin(Candidate{Explicit: id, Title: title, Anchor: anchor}, 0)
		r.out.Candidates[r.candidate].Text = rest
		return
	}
	if label, rest := cutLabel(text); label {
		r.criteria, r.criteriaLevel = true, 6
		if rest != "" {
			r.criterion(rest)
		}
		return
	}
	r.add(text)
	if r.criteria && scenario(text) {
		r.criterion(text)
	}
}

// criterion adds a criterion to the candidate. Without one, the section is it.
func (r *reader) criterion(text string) {
	if r.candidate < 0 {
		s := r.section()
		title := s.Heading
		for i := len(r.above) - 1; i >= 0 && (title == "" || criteriaLabel(title)); i-- {
			s = &r.out.Sections[r.above[i]]
			title = s.Heading
		}
		if title == "" || criteriaLabel(title) {
			return
		}
		c := Candidate{Title: title, Section: title, Anchor: doc.Or(s.Anchor, Slug(title)), Text: strings.Join(append([]string{title}, s.Passages...), "\n")}
		r.out.Candidates = append(r.out.Candidates, c)
		r.candidate, r.headed = len(r.out.Candidates)-1, s.Level
	}
	c := &r.out.Candidates[r.candidate]
	c.Criteria = append(c.Criteria, trimCriterion(text))
}

// items reads a list: of criteria, of requirements, or of text.
func (r *reader) items(n *doc.Node) {
	for _, item := range n.Children {
		own, below := split(item)
		text := plain(own...)
		if text == "" {
			r.blocks(below, 1)
			continue
		}
		r.section().Passages = append(r.section().Passages, text)
		r.item(item, own, text)
		for _, b := range below {
			r.items(b)
		}
	}
}

func (r *reader) item(item *doc.Node, own []*doc.Node, text string) {
	id, rest := explicitID(text)
	label, after := cutLabel(text)
	switch {
	case id != "" && !linked(own...):
		title := firstSentence(rest)
		r.begin(Candidate{Explicit: id, Title: title, Anchor: anchorIn(own...)}, 0)
		r.out.Candidates[r.candidate].Text = rest
	case label:
		r.criteria, r.criteriaLevel = true, 6
		if after != "" {
			r.criterion(after)
		}
	case r.criteria:
		r.add(text)
		r.criterion(text)
	case r.listing && (r.candidate < 0 || r.headed == 0):
		title := firstSentence(text)
		r.begin(Candidate{Title: title, Anchor: anchorIn(item)}, 0)
		r.out.Candidates[r.candidate].Text = text
	default:
		r.add(text)
	}
}

// split parts an item's own text from the lists in it.
func split(item *doc.Node) (own, below []*doc.Node) {
	for _, n := range item.Children {
		if n.List() {
			below = append(below, n)
			continue
		}
		own = append(own, n)
	}
	return own, below
}

// linked reports whether a line begins with a link, as lists of issues do.
func linked(nodes ...*doc.Node) bool {
	for _, n := range nodes {
		switch {
		case n.Kind == doc.Link:
			return true
		case n.Kind == doc.Macro:
			continue
		case len(n.Children) > 0:
			return linked(n.Children...)
		case strings.TrimSpace(n.Text) != "":
			return false
		}
	}
	return false
}

// Unregistered are the candidates that a register does not have, by id or title.
func (o Outline) Unregistered(r Register) []Candidate {
	var out []Candidate
	for _, c := range o.Candidates {
		if r.Find(c.Explicit) != nil || c.Explicit == "" && r.Find(c.Title) != nil {
			continue
		}
		out = append(out, c)
	}
	return out
}
