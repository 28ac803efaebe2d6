package forge

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/aofctl/aofctl/internal/store"
)

const (
	maxProjects = 500
	maxPattern  = 100
)

// Settings are what the administrators of a site set for their users.
type Settings struct {
	// Agents are the agents that may work for this site, by name; none means all
	// that are offered.
	Agents []string `json:"agents"`
	// Projects are the keys of projects, or patterns with * and ?, in which agents
	// may work; none means all.
	Projects []string `json:"projects"`
	// RequireMapping lets agents work only for users who confirmed who they are.
	RequireMapping bool `json:"requireAccountMapping"`
	// DefaultAgent answers where nobody in particular is asked; "" leaves that to
	// the daemon's configuration.
	DefaultAgent string `json:"defaultAgent"`
}

// AllowsAgent reports whether an agent may work for the site.
func (s Settings) AllowsAgent(name string) bool {
	return len(s.Agents) == 0 || slices.Contains(s.Agents, name)
}

// Problem is what is wrong with a field of settings, for the page to show beside
// it.
type Problem struct {
	// Field is its path, such as projects[2]; "" for the settings as a whole.
	Field string `json:"field"`
	// Message is a sentence for an administrator.
	Message string `json:"message"`
}

// Settings reads what was set for a site, and whether anything was: nobody may
// work for a site before.
func (i *Installations) Settings(ctx context.Context, installation string) (Settings, bool, error) {
	in, err := i.store.Installation(ctx, installation)
	if errors.Is(err, store.ErrNotFound) {
		return Settings{}, false, nil
	}
	if err != nil {
		return Settings{}, false, err
	}
	return settingsOf(in)
}

func settingsOf(in store.Installation) (Settings, bool, error) {
	var s Settings
	if in.Settings == nil {
		return s, false, nil
	}
	if err := json.Unmarshal(in.Settings, &s); err != nil {
		return Settings{}, false, fmt.Errorf("read settings of installation %s: %w", in.ID, err)
	}
	return s, true, nil
}

// Configure sets what an administrator decided. Problems, of which there are none
// if it was set, are for the page.
func (i *Installations) Configure(ctx context.Context, installation, account string, s Settings) (store.Installation, []Problem, error) {
	if problems := s.check(i.opts.Agents()); len(problems) > 0 {
		return store.Installation{}, problems, nil
	}
	text, err := json.Marshal(s)
	if err != nil {
		return store.Installation{}, nil, fmt.Errorf("write settings: %w", err)
	}
	in, err := i.store.ChangeInstallation(ctx, installation, func(in *store.Installation) bool {
		in.Settings, in.ConfiguredBy, in.ConfiguredAt = text, account, i.opts.Now().UTC().Truncate(time.Millisecond)
		return true
	})
	return in, nil, err
}

// readSettings reads what the page sends. A field that is not known is a problem,
// so that nobody believes to have set something.
func readSettings(body []byte) (Settings, []Problem) {
	var s Settings
	if !utf8.Valid(body) {
		return s, []Problem{{Message: "The settings are not UTF-8"}}
	}
	d := json.NewDecoder(bytes.NewReader(body))
	d.DisallowUnknownFields()
	if err := d.Decode(&s); err != nil {
		return Settings{}, []Problem{explain(err)}
	}
	if _, err := d.Token(); !errors.Is(err, io.EOF) {
		return Settings{}, []Problem{{Message: "Something follows the settings"}}
	}
	s.normalize()
	return s, nil
}

func explain(err error) Problem {
	var kind *json.UnmarshalTypeError
	if errors.As(err, &kind) {
		return Problem{Field: kind.Field, Message: "This is a " + kind.Value + ", which it must not be"}
	}
	if field, found := strings.CutPrefix(err.Error(), "json: unknown field "); found {
		return Problem{Field: strings.Trim(field, `"`), Message: "There is no such setting"}
	}
	return Problem{Message: "The settings are not a JSON object"}
}

func (s *Settings) normalize() {
	s.Agents, s.Projects = tidyList(s.Agents), tidyList(s.Projects)
	for i, p := range s.Projects {
		s.Projects[i] = strings.ToUpper(p)
	}
	s.DefaultAgent = strings.TrimSpace(s.DefaultAgent)
}

// tidyList leaves out what is empty or comes twice; it is never nil, so that pages
// find a list.
func tidyList(list []string) []string {
	out := []string{}
	for _, text := range list {
		if text = strings.TrimSpace(text); text != "" && !slices.Contains(out, text) {
			out = append(out, text)
		}
	}
	return out
}

func (s Settings) check(offered []string) []Problem {
	var problems []Problem
	for i, name := range s.Agents {
		if !slices.Contains(offered, name) {
			problems = append(problems, Problem{fmt.Sprintf("agents[%d]", i), fmt.Sprintf("There is no agent %q here; there are %s", clip(name), words(offered))})
		}
	}
	if len(s.Projects) > maxProjects {
		problems = append(problems, Problem{"projects", fmt.Sprintf("There may be %d projects at most; patterns such as TEAM* name several", maxProjects)})
	}
	for i, pattern := range s.Projects[:min(len(s.Projects), maxProjects)] {
		if !goodPattern(pattern) {
			problems = append(problems, Problem{fmt.Sprintf("projects[%d]", i), fmt.Sprintf("%q is neither the key of a project nor a pattern such as TEAM*", clip(pattern))})
		}
	}
	switch {
	case s.DefaultAgent == "":
	case !slices.Contains(offered, s.DefaultAgent):
		problems = append(problems, Problem{"defaultAgent", fmt.Sprintf("There is no agent %q here; there are %s", clip(s.DefaultAgent), words(offered))})
	case !s.AllowsAgent(s.DefaultAgent):
		problems = append(problems, Problem{"defaultAgent", fmt.Sprintf("The agent %q is not among those that may work for this site", clip(s.DefaultAgent))})
	}
	return problems
}

// goodPattern lets pass what keys of projects are made of, with * and ?.
// https://support.atlassian.com/jira-cloud-administration/docs/change-the-project-key-format/
func goodPattern(pattern string) bool {
	return len(pattern) <= maxPattern && !strings.ContainsFunc(pattern, func(r rune) bool {
		return (r < 'A' || r > 'Z') && (r < '0' || r > '9') && r != '_' && r != '*' && r != '?'
	})
}

func clip(text string) string {
	const most = 60
	if runes := []rune(text); len(runes) > most {
		return string(runes[:most]) + "…"
	}
	return text
}

func words(list []string) string {
	if len(list) == 0 {
		return "none"
	}
	return strings.Join(list, ", ")
}
