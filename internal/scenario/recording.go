package scenario

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"regexp"
	"slices"
	"strings"
	"sync"

	"gopkg.in/yaml.v3"

	"github.com/aofctl/aofctl/internal/llm"
)

// recordingVersion is the version of the files' form.
const recordingVersion = 1

const recordingHead = `# What models answered, written by: aofctl test --record
# A request is known by the hashes of its parts, so that a change of the
# instructions is noticed; times, ids and addresses in them do not count.
`

// tape is the recording of one case.
type tape []take

// take is one call of a model.
type take struct {
	Model string `yaml:"model"`
	// Asked are the hashes of the request's parts.
	Asked  asked  `yaml:"asked"`
	Answer answer `yaml:"answer"`

	played int
}

// asked is what a request is known by.
type asked struct {
	Instructions string `yaml:"instructions"`
	Tools        string `yaml:"tools"`
	// Messages are one hash for each message, with its role: "user 1a2b3c4d".
	Messages []string `yaml:"messages,flow"`
}

func (a asked) same(b asked) bool {
	return a.Instructions == b.Instructions && a.Tools == b.Tools && slices.Equal(a.Messages, b.Messages)
}

// answer is what a model answered.
type answer struct {
	Text      string       `yaml:"text,omitempty"`
	Calls     []answerCall `yaml:"calls,omitempty"`
	Usage     usage        `yaml:"usage,flow"`
	Cost      *int64       `yaml:"cost_micro_usd,omitempty"`
	Name      string       `yaml:"model,omitempty"`
	Truncated bool         `yaml:"truncated,omitempty"`
	Stop      llm.Stop     `yaml:"stop,omitempty"`
	// State is what the provider wants back; it is kept as it came.
	State string `yaml:"state,omitempty"`
}

// usage are the tokens of a call.
type usage struct {
	In         int `yaml:"in"`
	Out        int `yaml:"out"`
	Cached     int `yaml:"cached,omitempty"`
	CacheWrite int `yaml:"cache_write,omitempty"`
}

type answerCall struct {
	ID   string         `yaml:"id"`
	Tool string         `yaml:"tool"`
	Args map[string]any `yaml:"args,omitempty"`
	// Raw are arguments that are no object.
	Raw string `yaml:"raw,omitempty"`
}

// cleaner takes out of texts what differs from run to run, and what is secret.
type cleaner struct {
	replace *strings.Replacer
	secrets *strings.Replacer
}

var (
	moments = regexp.MustCompile(`\d{4}-\d\d-\d\d(?:[T ]\d\d:\d\d(?::\d\d(?:\.\d+)?)?(?: ?(?:Z|UTC|[+-]\d\d:?\d\d))?)?`)
	ulids   = regexp.MustCompile(`\b[0-7][0-9A-HJKMNP-TV-Z]{25}\b`)
	// seeds are the boundaries around what came from Jira, which are new in each run.
	seeds = regexp.MustCompile(`\b(untrusted)-[a-z0-9]{8,}`)
)

func (w *world) cleaner() *cleaner {
	c := &cleaner{replace: strings.NewReplacer(w.box.JiraURL(), "http://jira", w.front.url, "http://daemon")}
	var pairs []string
	for _, value := range w.secrets() {
		pairs = append(pairs, value, "***")
	}
	c.secrets = strings.NewReplacer(pairs...)
	return c
}

// secrets are the values that must not get into a recording.
func (w *world) secrets() []string {
	var out []string
	for _, value := range w.settings.secrets {
		out = append(out, value)
	}
	_, token := w.box.Credentials()
	out = append(out, token)
	if w.opts.Env == nil {
		return out
	}
	for _, name := range keyNames(w.settings) {
		if value, ok := w.opts.Env(name); ok && len(value) >= 8 {
			out = append(out, value)
		}
	}
	return out
}

// keyNames are the variables that may hold keys of models.
func keyNames(c *settings) []string {
	names := []string{"GOOGLE_API_KEY", "GEMINI_API_KEY", "OPENAI_API_KEY", "ANTHROPIC_API_KEY", "AZURE_OPENAI_API_KEY", "GROQ_API_KEY",
		"MISTRAL_API_KEY", "OPENROUTER_API_KEY"}
	for _, p := range c.daemon.Providers {
		if p.APIKey.Env != "" {
			names = append(names, p.APIKey.Env)
		}
	}
	return names
}

func (c *cleaner) hash(text string) string {
	text = c.replace.Replace(text)
	text = moments.ReplaceAllString(text, "TIME")
	text = ulids.ReplaceAllString(text, "ID")
	text = seeds.ReplaceAllString(text, "$1")
	sum := sha256.Sum256([]byte(text))
	return hex.EncodeToString(sum[:4])
}

// of is what a request is known by.
func (c *cleaner) of(req llm.Request) asked {
	var tools []string
	for _, t := range req.Tools {
		tools = append(tools, t.Name)
	}
	a := asked{Instructions: c.hash(req.System), Tools: c.hash(strings.Join(tools, " "))}
	for _, m := range req.Messages {
		text := m.Text
		for _, call := range m.ToolCalls {
			text += "\n" + call.Name + " " + string(call.Args)
		}
		name := string(m.Role)
		if m.ToolName != "" {
			name = m.ToolName
		}
		a.Messages = append(a.Messages, name+" "+c.hash(text))
	}
	return a
}

// recorder asks the models themselves and keeps what they answer.
type recorder struct {
	cleaner *cleaner

	mu    sync.Mutex
	takes tape
}

func (r *recorder) open(ref string, own func() (llm.Model, error)) (llm.Model, error) {
	m, err := own()
	if err != nil {
		return nil, err
	}
	return &recorded{r, ref, m}, nil
}

type recorded struct {
	recorder *recorder
	ref      string
	model    llm.Model
}

// Complete implements llm.Model.
func (m *recorded) Complete(ctx context.Context, req llm.Request) (llm.Response, error) {
	resp, err := m.model.Complete(ctx, req)
	if err != nil {
		return resp, err
	}
	r := m.recorder
	r.mu.Lock()
	defer r.mu.Unlock()
	r.takes = append(r.takes, take{Model: m.ref, Asked: r.cleaner.of(req), Answer: r.keep(resp)})
	return resp, nil
}

func (r *recorder) keep(resp llm.Response) answer {
	a := answer{Text: r.cleaner.secrets.Replace(resp.Message.Text), Usage: usage{resp.Usage.In, resp.Usage.Out, resp.Usage.CachedIn, resp.Usage.CacheWriteIn}, Cost: resp.CostMicroUSD, Name: resp.Model,
		Truncated: resp.Truncated, Stop: resp.Stop, State: r.cleaner.secrets.Replace(string(resp.Message.ProviderState))}
	for _, c := range resp.Message.ToolCalls {
		raw := r.cleaner.secrets.Replace(string(c.Args))
		call := answerCall{ID: c.ID, Tool: c.Name}
		if json.Unmarshal([]byte(raw), &call.Args) != nil {
			call.Raw = raw
		}
		a.Calls = append(a.Calls, call)
	}
	return a
}

// player answers from a recording.
type player struct {
	cleaner *cleaner

	mu    sync.Mutex
	takes tape
	wrong []string
}

func newPlayer(t tape, c *cleaner) *player { return &player{takes: slices.Clone(t), cleaner: c} }

func (p *player) open(ref string, _ func() (llm.Model, error)) (llm.Model, error) {
	return &played{p, ref}, nil
}

// problems are the requests that the recording does not have.
func (p *player) problems() []string {
	p.mu.Lock()
	defer p.mu.Unlock()
	return slices.Clone(p.wrong)
}

type played struct {
	player *player
	ref    string
}

// Complete implements llm.Model. Of several answers to one request each is given
// once, and the last again and again.
func (m *played) Complete(_ context.Context, req llm.Request) (llm.Response, error) {
	p := m.player
	want := p.cleaner.of(req)
	p.mu.Lock()
	defer p.mu.Unlock()
	best := -1
	for i, t := range p.takes {
		if t.Model == m.ref && t.Asked.same(want) && (best < 0 || t.played < p.takes[best].played || t.played == p.takes[best].played && t.played > 0) {
			best = i
		}
	}
	if best < 0 {
		why := "the recording no longer fits: " + p.differs(m.ref, want)
		p.wrong = append(p.wrong, why)
		return llm.Response{}, &llm.Error{Ref: m.ref, Kind: llm.KindInvalid, Message: why}
	}
	p.takes[best].played++
	return p.takes[best].response(m.ref)
}

func (t take) response(ref string) (llm.Response, error) {
	a := t.Answer
	resp := llm.Response{Message: llm.Message{Role: llm.Assistant, Text: a.Text}, Ref: ref,
		Usage: llm.Usage{In: a.Usage.In, Out: a.Usage.Out, CachedIn: a.Usage.Cached, CacheWriteIn: a.Usage.CacheWrite}, Model: a.Name, CostMicroUSD: a.Cost,
		Truncated: a.Truncated, Stop: a.Stop}
	if a.State != "" {
		resp.Message.ProviderState = json.RawMessage(a.State)
	}
	for _, c := range a.Calls {
		args := json.RawMessage(c.Raw)
		if c.Raw == "" {
			raw, err := json.Marshal(c.Args)
			if err != nil {
				return resp, fmt.Errorf("read recording: %w", err)
			}
			args = raw
			if c.Args == nil {
				args = json.RawMessage("{}")
			}
		}
		resp.Message.ToolCalls = append(resp.Message.ToolCalls, llm.ToolCall{ID: c.ID, Name: c.Tool, Args: args})
	}
	return resp, nil
}

// differs says what is new in a request, compared with the recorded one that is
// most like it.
func (p *player) differs(ref string, want asked) string {
	best, most := -1, -1
	for i, t := range p.takes {
		if t.Model != ref {
			continue
		}
		same := 0
		for n := 0; n < min(len(t.Asked.Messages), len(want.Messages)) && t.Asked.Messages[n] == want.Messages[n]; n++ {
			same++
		}
		if len(t.Asked.Messages) == len(want.Messages) {
			same++
		}
		if same > most {
			best, most = i, same
		}
	}
	if best < 0 {
		return fmt.Sprintf("%s was not asked when it was made", ref)
	}
	have := p.takes[best].Asked
	var parts []string
	if have.Instructions != want.Instructions {
		parts = append(parts, "the instructions have changed")
	}
	if have.Tools != want.Tools {
		parts = append(parts, "the agent has other tools")
	}
	for n, m := range want.Messages {
		if n >= len(have.Messages) || have.Messages[n] != m {
			name, _, _ := strings.Cut(m, " ")
			parts = append(parts, fmt.Sprintf("message %d (%s) is new or has changed", n+1, name))
			break
		}
	}
	if len(parts) == 0 {
		parts = append(parts, "the conversation went on further then")
	}
	return fmt.Sprintf("%s: %s", ref, strings.Join(parts, ", and "))
}

// books are the files with recordings, of which several cases may share one.
type books struct {
	mu    sync.Mutex
	fresh map[string]map[string]tape
}

func newBooks() *books { return &books{fresh: map[string]map[string]tape{}} }

type bookFile struct {
	Version int             `yaml:"version"`
	Cases   map[string]tape `yaml:"cases"`
}

func readBook(path string) (bookFile, error) {
	var file bookFile
	text, err := os.ReadFile(path)
	if err != nil {
		return file, withoutOperation(err)
	}
	dec := yaml.NewDecoder(bytes.NewReader(text))
	dec.KnownFields(true)
	if err := dec.Decode(&file); err != nil {
		return file, fmt.Errorf("read recording %s: %w", path, err)
	}
	if file.Version != recordingVersion {
		return file, fmt.Errorf("read recording %s: it has version %d, this program writes %d: record it anew", path, file.Version, recordingVersion)
	}
	return file, nil
}

// read is the recording of a case.
func (b *books) read(path, title string) (tape, error) {
	file, err := readBook(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("there is no recording %s yet: make it with aofctl test --record", path)
	}
	if err != nil {
		return nil, err
	}
	t, ok := file.Cases[title]
	if !ok {
		return nil, fmt.Errorf("recording %s has nothing of the case %q: make it with aofctl test --record", path, title)
	}
	return t, nil
}

// add keeps a recording until all cases have run.
func (b *books) add(path, title string, t tape) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.fresh[path] == nil {
		b.fresh[path] = map[string]tape{}
	}
	b.fresh[path][title] = t
}

// write writes the files that have changed; what they have of other cases stays.
func (b *books) write() error {
	b.mu.Lock()
	defer b.mu.Unlock()
	var errs []error
	for _, path := range slices.Sorted(maps.Keys(b.fresh)) {
		file, err := readBook(path)
		if err != nil {
			file = bookFile{} // it is not there yet, or no use any more
		}
		file.Version = recordingVersion
		if file.Cases == nil {
			file.Cases = map[string]tape{}
		}
		maps.Copy(file.Cases, b.fresh[path])
		errs = append(errs, writeBook(path, file))
	}
	return errors.Join(errs...)
}

func writeBook(path string, file bookFile) error {
	var out bytes.Buffer
	out.WriteString(recordingHead)
	enc := yaml.NewEncoder(&out)
	enc.SetIndent(2)
	if err := errors.Join(enc.Encode(file), enc.Close()); err != nil {
		return fmt.Errorf("write recording %s: %w", path, err)
	}
	if err := os.WriteFile(path, out.Bytes(), 0o644); err != nil { //nolint:gosec // it is for the repository
		return fmt.Errorf("write recording: %w", err)
	}
	return nil
}
