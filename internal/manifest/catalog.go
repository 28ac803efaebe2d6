// Package manifest knows the YAML kinds: DaemonConfig, Trigger, Agent, Fleet
// and Flow. It loads them strictly, telling every mistake with its position,
// checks what they refer to, and holds the result as an immutable Catalog that
// is swapped whole when the files change.
package manifest

import "slices"

// Catalog is everything that the four directories hold, checked against each
// other. It never changes; a reload makes a new one.
type Catalog struct {
	// Triggers are in the order in which they are tried: priority, file path,
	// position in the file. Disabled ones are left out.
	Triggers []*Trigger
	Agents   map[string]*Agent
	Fleets   map[string]*Fleet
	Flows    map[string]*Flow
	// Revision is a hash of all of it.
	Revision string
	// Warnings are what was found but does not stop the catalogue from working.
	Warnings []Problem
}

// SecretEnvs returns the environment variables that triggers name as their own
// webhook secrets and tokens, sorted and without repeats. With types, only those of
// triggers of these types.
func (c *Catalog) SecretEnvs(types ...string) []string {
	var envs []string
	for _, t := range c.Triggers {
		if len(types) > 0 && !slices.Contains(types, t.Type) {
			continue
		}
		for _, env := range []string{t.SecretEnv, t.TokenEnv} {
			if env != "" {
				envs = append(envs, env)
			}
		}
	}
	slices.Sort(envs)
	return slices.Compact(envs)
}

// Meta is what every manifest has.
type Meta struct {
	Name        string            `yaml:"name"`
	Labels      map[string]string `yaml:"labels"`
	Annotations map[string]string `yaml:"annotations"`
	// Source is where the manifest stands, as "path:line".
	Source string `yaml:"-"`
	// Revision is a hash of the manifest's own text.
	Revision string `yaml:"-"`
	// Text is the manifest's own YAML, kept so that a run can finish with the
	// revision that it started with.
	Text string `yaml:"-"`
}

// TargetKind says what a trigger runs.
type TargetKind string

// The kinds of target.
const (
	TargetAgent TargetKind = "agent"
	TargetFleet TargetKind = "fleet"
	TargetFlow  TargetKind = "flow"
)

// Target names what a trigger runs.
type Target struct {
	Kind TargetKind
	Name string
}

// IsZero reports whether no target is named.
func (t Target) IsZero() bool { return t.Name == "" }

// String returns the target as "agent/bug-triager".
func (t Target) String() string { return string(t.Kind) + "/" + t.Name }
