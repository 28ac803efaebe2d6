package route

import (
	"maps"
	"math"
	"strconv"
	"strings"

	"github.com/aofctl/aofctl/internal/manifest"
)

// Invocation is a command that a trigger knows, as it was called.
type Invocation struct {
	// Name is the command's name as the manifest has it, without its slash.
	Name string `json:"name"`
	// Args is the rest of its line, as typed.
	Args string `json:"args,omitempty"`
	// ArgsList is Args in words, as a shell would split them, without those that
	// are params.
	ArgsList []string `json:"args_list,omitempty"`
	// Params are the key=value words of Args.
	Params map[string]string `json:"params,omitempty"`
	// Body is the lines after it.
	Body string `json:"args_body,omitempty"`
}

// commandSet is a trigger's commands by name.
type commandSet struct {
	byName map[string]*manifest.Command
	order  []string
	// words is how many words the longest name has.
	words int
}

func newCommandSet(commands []manifest.Command) commandSet {
	if len(commands) == 0 {
		return commandSet{}
	}
	s := commandSet{byName: make(map[string]*manifest.Command, len(commands))}
	for i := range commands {
		words := strings.Fields(strings.ToLower(strings.TrimPrefix(strings.TrimSpace(commands[i].Name), "/")))
		name := strings.Join(words, " ")
		if name == "" || commands[i].Target.IsZero() || s.byName[name] != nil {
			continue
		}
		s.byName[name] = &commands[i]
		s.order = append(s.order, name)
		s.words = max(s.words, min(len(words), maxNameWords))
	}
	return s
}

// find returns the command with the longest name that the words begin with, and
// how many words that name has.
func (s *commandSet) find(words []string) (*manifest.Command, int) {
	var room [maxNameWords * (maxCommandName + 1)]byte
	for n := min(s.words, len(words)); n > 0; n-- {
		name := room[:0]
		for i, word := range words[:n] {
			if i > 0 {
				name = append(name, ' ')
			}
			name = append(name, word...)
		}
		if command := s.byName[string(name)]; command != nil {
			return command, n
		}
	}
	return nil, 0
}

// match builds the run that a command asks for.
func (c *Command) match(t *manifest.Trigger, known *manifest.Command, words int) Match {
	call := &Invocation{Name: strings.Join(c.Words[:words], " "), Args: afterWords(c.Line, words), Body: c.Body}
	call.ArgsList, call.Params = splitArgs(call.Args)
	return Match{
		Trigger:  t,
		Target:   known.Target,
		Command:  call,
		Params:   overlay(known.Params, call.Params),
		Response: known.Response,
	}
}

// afterWords returns a line without its first n words.
func afterWords(line string, n int) string {
	for range n {
		line = strings.TrimLeftFunc(line, isBlank)
		end := strings.IndexFunc(line, isBlank)
		if end < 0 {
			return ""
		}
		line = line[end:]
	}
	return strings.TrimFunc(line, isBlank)
}

// overlay lays the numbers and truth values that the caller typed over the
// manifest's params of these types; one that does not fit changes nothing. Typed
// text stays in the invocation's params: the manifest's are the operator's words
// and may be taken for instructions, a person's may not.
func overlay(defaults map[string]any, typed map[string]string) map[string]any {
	out := maps.Clone(defaults)
	for key, text := range typed {
		if value, ok := fit(defaults[key], text); ok {
			out[key] = value
		}
	}
	return out
}

// fit reads a text as a value of the same type as the default.
func fit(standard any, text string) (any, bool) {
	switch standard.(type) {
	case bool:
		v, err := strconv.ParseBool(strings.ToLower(text))
		return v, err == nil
	case int:
		v, err := strconv.Atoi(text)
		return v, err == nil
	case int64:
		v, err := strconv.ParseInt(text, 10, 64)
		return v, err == nil
	case float64:
		v, err := strconv.ParseFloat(text, 64)
		return v, err == nil && !math.IsNaN(v) && !math.IsInf(v, 0)
	default:
		return nil, false
	}
}
