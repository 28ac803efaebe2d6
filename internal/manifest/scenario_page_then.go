package manifest

// WantSpace is what the titles of all pages of a space have to be, as a matcher.
type WantSpace struct {
	Line   int
	Key    string
	Titles any
}

// WantPage is how a page of Confluence is expected to be. Values are plain or
// matchers.
type WantPage struct {
	Line int
	// Name is the page's title or id.
	Name string
	// Missing says that there is no such page.
	Missing bool
	// Space, Status and By are "" for any.
	Space, Status, By string
	// Parent is a title or id; nil for any, "" for the home page of the space.
	Parent *string
	// Values are by the name of the field in the manifest: title, labels, body,
	// storage, draft, headings, version, message, files.
	Values     map[string]any
	Sections   map[string]any
	Properties map[string]any
	// OnlyChanged are the headings of the sections outside of which every byte is as
	// it was; nil for anything, empty for no change at all.
	OnlyChanged []string
	Comments    []WantPageComment
	Commented   []WantPageComment
	// AllComments says that Comments are all, in order.
	AllComments bool
}

// WantPageComment is a comment that is expected.
type WantPageComment struct {
	By, On string
	Body   any
}

func (b *builder) wantPage(entry entry[scenarioWantPage]) WantPage {
	decl := entry.value
	w := WantPage{Line: entry.pos.line, Name: entry.key, Missing: decl.Exists.set && !decl.Exists.value, Space: decl.Space.value, By: decl.By.value,
		Values: map[string]any{}, Sections: dataMap(decl.Sections), Properties: dataMap(decl.Properties), OnlyChanged: listOrNothing(decl.OnlyChanged),
		Status: b.oneOf(str{at: decl.Status.at, value: decl.Status.value, set: decl.Status.set}, "status", "current", "draft", "trashed")}
	for name, value := range map[string]*rawData{"title": decl.Title, "labels": decl.Labels, "body": decl.Body, "storage": decl.Storage, "draft": decl.Draft,
		"headings": decl.Headings, "version": decl.Version, "message": decl.Message, "files": decl.Files} {
		if value != nil {
			w.Values[name] = value.value
		}
	}
	if decl.Parent != nil {
		w.Parent = &decl.Parent.value
	}
	if decl.Comments != nil {
		w.AllComments, w.Comments = true, wantPageComments(*decl.Comments)
	}
	w.Commented = wantPageComments(decl.Commented)
	if w.Missing && (len(w.Values)+len(w.Sections)+len(w.Properties)+len(w.Commented) > 0 || w.AllComments || w.OnlyChanged != nil) {
		b.errorf(entry.pos, "a page that is not there has nothing else that could be expected of it")
	}
	return w
}

func wantPageComments(list []wantPageComment) []WantPageComment {
	var out []WantPageComment
	for _, c := range list {
		out = append(out, WantPageComment{By: c.By.value, On: c.On.value, Body: c.Body.value})
	}
	return out
}
