package manifest

import "slices"

// Offer is an agent, fleet or flow that others may ask for work.
type Offer struct {
	Target Target
	// Description is what the manifest says of it.
	Description string
	// Source is where the manifest stands.
	Source string
	// Revision is the manifest's.
	Revision string
}

// Offered are those of the catalogue's targets that the endpoint offers, by their
// names. An agent comes before a fleet of the same name, and that before a flow:
// each name is one address.
func (a *A2A) Offered(c *Catalog) map[string]Offer {
	patterns := a.Agents
	all := map[string]Offer{}
	if len(patterns) == 0 {
		patterns = []string{"*"}
	} else {
		for name, f := range c.Flows {
			all[name] = Offer{Target{TargetFlow, name}, f.Description, f.Source, f.Revision}
		}
		for name, f := range c.Fleets {
			all[name] = Offer{Target{TargetFleet, name}, f.Description, f.Source, f.Revision}
		}
	}
	for name, g := range c.Agents {
		all[name] = Offer{Target{TargetAgent, name}, g.Description, g.Source, g.Revision}
	}
	for name := range all {
		if !slices.ContainsFunc(patterns, func(p string) bool { return matches(p, name) }) {
			delete(all, name)
		}
	}
	return all
}

// Default is who answers at the address that names nobody; "" if that is not
// clear.
func (a *A2A) Default(offered map[string]Offer, runtimeDefault string) string {
	for _, name := range []string{a.DefaultAgent, runtimeDefault} {
		if _, found := offered[name]; found {
			return name
		}
	}
	if names := keys(offered); len(names) == 1 && a.DefaultAgent == "" {
		return names[0]
	}
	return ""
}

// checkOffer reports what of the offer leads nowhere.
func (d *Daemon) checkOffer(c *Catalog, r *report) {
	if d.A2A == nil {
		return
	}
	offered := d.A2A.Offered(c)
	for i, pattern := range d.A2A.Agents {
		if !slices.ContainsFunc(keys(offered), func(name string) bool { return matches(pattern, name) }) {
			r.errorf(d.offerAt[i], "nothing is offered: there is no agent, fleet or flow %q%s", shorten(pattern),
				meant(pattern, slices.Concat(keys(c.Agents), keys(c.Fleets), keys(c.Flows))))
		}
	}
	if name := d.A2A.DefaultAgent; name != "" && d.A2A.Default(offered, "") != name {
		r.errorf(d.offerDefaultAt, "the default agent %q is not offered%s", shorten(name), meant(name, keys(offered)))
	}
}
