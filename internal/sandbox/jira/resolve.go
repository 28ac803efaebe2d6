package jira

import "strings"

// resolve finds what a reference means for a field. The text, if not empty, is
// Jira's objection.
func (t *tx) resolve(f *Field, in *project, r ref) (any, string) {
	switch f.Kind {
	case Person:
		return t.resolveUser(r)
	case Select, MultiPick:
		return resolveOption(f, r)
	case Components:
		return resolveIn(in, "Component", r, func(p *project) []*Component { return p.components },
			func(c *Component) (string, string) { return c.ID, c.Name })
	case Versions:
		return resolveIn(in, "Version", r, func(p *project) []*Version { return p.versions },
			func(v *Version) (string, string) { return v.ID, v.Name })
	case kindType:
		return resolveNamed(t.st.types, r, "Specify a valid issue type", func(x *IssueType) (string, string) { return x.ID, x.Name })
	case kindPriority:
		return resolveNamed(t.st.priorities, r, priorityObjection(r), func(x *Priority) (string, string) { return x.ID, x.Name })
	case kindResolution:
		return resolveNamed(t.st.resolutions, r, "Resolution name '"+r.name+"' is not valid", func(x *Resolution) (string, string) { return x.ID, x.Name })
	case kindProject:
		return t.resolveProject(r)
	case kindParent:
		return t.resolveParent(r)
	}
	return nil, fieldUnknown(f.ID)
}

func fieldUnknown(id string) string {
	return "Field '" + id + "' cannot be set. It is not on the appropriate screen, or unknown."
}

func priorityObjection(r ref) string {
	if r.id != "" {
		return "The priority selected is invalid."
	}
	return "Priority name '" + r.name + "' is not valid"
}

func (t *tx) resolveUser(r ref) (any, string) {
	if t.st.dc {
		return t.resolveNamedUser(r)
	}
	return t.resolveAccountRef(r)
}

// resolveAccount finds a user by account id.
func (t *tx) resolveAccount(id string) (any, string) { return t.resolveAccountRef(ref{account: id}) }

func (t *tx) resolveAccountRef(r ref) (any, string) {
	id := r.account
	if id == "" {
		id = r.id
	}
	if id == "" && r.name == "" {
		return (any)(nil), ""
	}
	u := t.st.account(id)
	switch {
	case id == "":
		return nil, "'accountId' must be the only user identifying query parameter in GDPR strict mode."
	case u == nil:
		return nil, "User '" + id + "' does not exist."
	case u.Inactive:
		return nil, "User '" + u.DisplayName + "' cannot be assigned issues."
	}
	return u, ""
}

func resolveOption(f *Field, r ref) (any, string) {
	if o := f.option(r.id, r.value); o != nil {
		return o, ""
	}
	switch {
	case r.id != "":
		return nil, "Option id '" + r.id + "' is not valid"
	case r.value != "":
		return nil, "Option value '" + r.value + "' is not valid"
	}
	return nil, "Specify a valid 'id' or 'value' for " + f.Name
}

func resolveNamed[T any](all []*T, r ref, objection string, names func(*T) (id, name string)) (any, string) {
	for _, item := range all {
		id, name := names(item)
		if (r.id != "" && r.id == id) || (r.id == "" && r.name != "" && strings.EqualFold(r.name, name)) {
			return item, ""
		}
	}
	return nil, objection
}

func resolveIn[T any](in *project, what string, r ref, list func(*project) []*T, names func(*T) (id, name string)) (any, string) {
	objection := what + " name '" + r.name + "' is not valid"
	if r.id != "" {
		objection = what + " id '" + r.id + "' is not valid"
	}
	if in == nil {
		return nil, objection
	}
	return resolveNamed(list(in), r, objection, names)
}

func (t *tx) resolveProject(r ref) (any, string) {
	name := r.key
	if name == "" {
		name = r.id
	}
	if p := t.st.project(name); p != nil && name != "" {
		return p, ""
	}
	return nil, "Specify a valid project ID or key"
}

func (t *tx) resolveParent(r ref) (any, string) {
	name := r.key
	if name == "" {
		name = r.id
	}
	if i := t.st.issue(name); i != nil {
		return i, ""
	}
	return nil, "Could not find issue by id or key."
}
