package forgeapp

import "strings"

// unique reports keys that are there twice, and names that people could not tell
// apart.
func (b *builder) unique(agents []Agent, m Modules) {
	owners := fixedKeys() // whose each key is, for the message
	shown := map[string]Agent{}
	for i, a := range agents {
		for _, key := range []string{a.Name, endpointKey(a.Name)} {
			if owner := owners[key]; owner != "" {
				b.errorf(a.Source, "the key %q of %s is also that of %s: keys are unique in a Forge app, so one of them needs another name", key, a.Name, owner)
			}
			owners[key] = a.Name + " (" + a.Source + ")"
		}
		name := strings.ToLower(m.Agents[i].Name)
		if other, found := shown[name]; found {
			b.errorf(a.Source, "%s is shown as %q in Jira, as %s (%s) is: give one of them another name by the annotation %s", a.Name, m.Agents[i].Name, other.Name, other.Source, AnnotationName)
		}
		shown[name] = a
	}
}

// fixedKeys are those that no agent brings.
func fixedKeys() map[string]string {
	own := fixedModules()
	keys := map[string]string{}
	for _, p := range own.AdminPage {
		keys[p.Key] = "the admin page"
	}
	for _, p := range own.PersonalPage {
		keys[p.Key] = "the personal page"
	}
	for _, t := range own.Triggers {
		keys[t.Key] = "a trigger"
	}
	for _, p := range own.PreUninstall {
		keys[p.Key] = "the trigger before uninstalling"
	}
	for _, e := range own.Endpoints {
		keys[e.Key] = "the endpoint " + e.Route.Path
	}
	return keys
}
