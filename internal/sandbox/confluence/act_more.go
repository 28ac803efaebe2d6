package confluence

import "encoding/json"

// MovePage puts a page below another one of its space, named by its id.
func (a *Actor) MovePage(id, parent string) error {
	return a.page(id, func(t *tx, p *content) error {
		above, err := t.find(parent, isPage)
		if err != nil {
			return err
		}
		return t.updatePage(p, edit{title: p.now().title, body: p.text(), number: len(p.revs) + 1, status: current, above: above}, 2)
	})
}

// PublishPage publishes the draft of a page, which may never have been published.
func (a *Actor) PublishPage(id, message string) error {
	return a.page(id, func(t *tx, p *content) error {
		if p.draft == nil {
			return missing("Cannot find draft with id: " + id)
		}
		return t.updatePage(p, edit{title: p.draft.title, body: p.draft.body, message: message, number: len(p.revs) + 1, status: current}, 2)
	})
}

// Unlabel takes a label away from a page.
func (a *Actor) Unlabel(id, name string) error {
	return a.page(id, func(t *tx, p *content) error { return t.removeLabel(p, name) })
}

// SetProperty writes a content property, whose value is JSON.
func (a *Actor) SetProperty(id, key string, value json.RawMessage) error {
	return a.page(id, func(t *tx, p *content) error {
		if old := p.property(func(one *property) bool { return one.key == key }); old != nil {
			return t.updateProperty(p, old, value, old.number+1, 2)
		}
		_, err := t.addProperty(p, key, value)
		return err
	})
}

// Reply answers a comment and returns the answer's id.
func (a *Actor) Reply(comment, body string) (string, error) {
	id := ""
	err := a.do(func(t *tx) error {
		to, err := t.find(comment, isComment)
		if err != nil {
			return err
		}
		c, err := t.addComment(remark{page: to.page, above: to, body: body, inline: to.inline})
		if err == nil {
			id = c.idText()
		}
		return err
	})
	return id, err
}

// EditComment replaces the text of the actor's own comment.
func (a *Actor) EditComment(comment, body string) error {
	return a.do(func(t *tx) error {
		c, err := t.find(comment, isComment)
		if err != nil {
			return err
		}
		return t.updateComment(c, body, len(c.revs)+1, 2, nil)
	})
}
