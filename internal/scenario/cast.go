package scenario

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"os"
	"slices"
	"strings"

	"gopkg.in/yaml.v3"

	"github.com/aofctl/aofctl/internal/llm"
	"github.com/aofctl/aofctl/internal/manifest"
	"github.com/aofctl/aofctl/internal/sandbox/model"
)

// cast is who answers for the models of a case: the scripted model of the sandbox,
// a recording, or the models themselves while a recording is made.
type cast struct {
	open     llm.Instead
	carrier  *http.Transport
	recorder *recorder
	player   *player
}

func newCast(w *world, recording bool) (*cast, error) {
	s := w.scenario
	c := &cast{carrier: &http.Transport{}}
	switch {
	case recording:
		c.recorder = &recorder{cleaner: w.cleaner()}
		c.open = c.recorder.open
	case s.Script.Recording != "":
		tape, err := w.books.read(beside(s.Path, s.Script.Recording), Title(s.Suite, s.Name))
		if err != nil {
			return nil, err
		}
		c.player = newPlayer(tape, w.cleaner())
		c.open = c.player.open
	default:
		// The wire is a part of it: what the sandbox's model checks is checked here.
		providers, err := llm.NewProviders([]llm.ProviderConfig{{Name: "sandbox", Type: "openai-compatible", BaseURL: w.box.ModelURL()}}, llm.Options{Transport: c.carrier})
		if err != nil {
			return nil, fmt.Errorf("open the scripted model: %w", err)
		}
		c.open = func(ref string, _ func() (llm.Model, error)) (llm.Model, error) {
			_, name, err := llm.ParseRef(ref)
			if err != nil {
				return nil, err
			}
			m, err := providers.Open("sandbox:" + name)
			return named{m, ref}, err
		}
	}
	return c, nil
}

func (c *cast) close() { c.carrier.CloseIdleConnections() }

// named answers under the name of the model that was asked.
type named struct {
	llm.Model
	ref string
}

// Complete implements llm.Model.
func (n named) Complete(ctx context.Context, req llm.Request) (llm.Response, error) {
	resp, err := n.Model.Complete(ctx, req)
	resp.Ref, resp.CostMicroUSD = n.ref, nil
	var failed *llm.Error
	if errors.As(err, &failed) {
		under := *failed
		under.Ref = n.ref
		err = &under
	}
	return resp, err
}

// rulesOf are the rules by which the scripted model answers; nil for its own.
func rulesOf(s *manifest.Scenario, forms shortForms) (*model.Rules, error) {
	text := []byte(s.Script.Rules)
	switch {
	case s.Script.RulesFile != "":
		var err error
		if text, err = os.ReadFile(beside(s.Path, s.Script.RulesFile)); err != nil {
			return nil, fmt.Errorf("read rules of the model: %w", withoutOperation(err))
		}
	case len(s.Script.Answers) > 0:
		var err error
		if text, err = answerRules(s.Script.Answers, forms); err != nil {
			return nil, err
		}
	case s.Script.Rules == "":
		return nil, nil
	}
	if list := strings.TrimSpace(string(text)); strings.HasPrefix(list, "-") || strings.HasPrefix(list, "[") {
		var rules any
		if err := yaml.Unmarshal(text, &rules); err == nil {
			text, err = yaml.Marshal(map[string]any{"rules": rules})
			if err != nil {
				return nil, fmt.Errorf("read rules of the model: %w", err)
			}
		}
	}
	return model.Parse(text)
}

// answerRules turns answers that come one after another into rules: each has its
// turn in a conversation. Those for some conversations come before those for all.
func answerRules(answers []manifest.Answer, forms shortForms) ([]byte, error) {
	type ruleCall struct {
		Tool string         `yaml:"tool"`
		Args map[string]any `yaml:"args,omitempty"`
	}
	type rule struct {
		Name string         `yaml:"name"`
		When map[string]any `yaml:"when"`
		Call []ruleCall     `yaml:"call,omitempty"`
		Say  *string        `yaml:"say,omitempty"`
	}
	turns := map[string]int{}
	var special, general []rule
	for _, a := range answers {
		key := strings.Join(a.When, "\x00")
		turns[key]++
		r := rule{Name: fmt.Sprintf("answer of line %d", a.Line), When: map[string]any{"turn": turns[key]}}
		for i := range a.Calls {
			c := a.Calls[i]
			if err := forms.bind(&c); err != nil {
				return nil, err
			}
			args, err := literal(c.Args)
			if err != nil {
				return nil, fmt.Errorf("arguments of %s: %w", c.Tool, err)
			}
			r.Call = append(r.Call, ruleCall{c.Tool, args})
		}
		if a.Say != "" {
			say := strings.ReplaceAll(a.Say, "${", "$${")
			r.Say = &say
		}
		if len(a.When) > 0 {
			r.When["all_contains"] = a.When
			special = append(special, r)
			continue
		}
		general = append(general, r)
	}
	return yaml.Marshal(map[string]any{"rules": slices.Concat(special, general)})
}

// literal keeps "${" and "*" in arguments from meaning something.
func literal(args map[string]any) (map[string]any, error) {
	if args == nil {
		return map[string]any{}, nil
	}
	for name, v := range args {
		if m, ok := v.(map[string]any); ok && len(m) == 1 && m["like"] != nil {
			args[name] = m["like"]
		}
	}
	raw, err := json.Marshal(args)
	if err != nil {
		return nil, err
	}
	var out map[string]any
	err = json.Unmarshal([]byte(strings.ReplaceAll(string(raw), "${", "$${")), &out)
	return out, err
}

// strays are the conversations for which the script had no answer.
func (w *world) strays() []Failure {
	var out []Failure
	for _, what := range w.hosts.unanswered() {
		out = append(out, Failure{Line: w.scenario.Line, What: "no answer is given for " + what, Detail: "add one to given.hosts: nothing outside is reached"})
	}
	if w.cast.player != nil {
		for _, text := range w.cast.player.problems() {
			out = append(out, Failure{Line: w.scriptLine(), What: text, Detail: "record the answers anew: aofctl test --record"})
		}
		return out
	}
	for _, r := range w.box.Model.Requests() {
		if r.Unfit && r.Status == http.StatusOK {
			out = append(out, Failure{Line: w.scriptLine(), What: fmt.Sprintf("the model's script has no answer for turn %d of a conversation with %s", r.Turn, r.Model),
				Detail: "what the model was told:\n" + indent(conversation(r.Body), "  ")})
		}
	}
	return out
}

func (w *world) scriptLine() int {
	if w.scenario.Script.Line > 0 {
		return w.scenario.Script.Line
	}
	return w.scenario.Line
}

// conversation shows a request of the sandbox's model.
func conversation(body []byte) string {
	var req struct {
		Messages []struct {
			Role, Content string
			Calls         []struct {
				Function struct{ Name, Arguments string }
			} `json:"tool_calls"`
		}
	}
	_ = json.Unmarshal(body, &req)
	var lines []string
	for _, m := range req.Messages {
		parts := []string{m.Role + ": " + clip(oneLine(m.Content), 400)}
		for _, c := range m.Calls {
			parts = append(parts, "calls "+c.Function.Name+" "+clip(c.Function.Arguments, 200))
		}
		lines = append(lines, strings.Join(parts, " "))
	}
	return strings.Join(lines, "\n")
}
