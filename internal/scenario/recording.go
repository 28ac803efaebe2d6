package scenario

import (
	"bytes"
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
	// named puts names in place of addresses in what is kept, found puts addresses in
	// place of names in what is played back: those of the sandbox differ each time.
	named *strings.Replacer
	found *strings.Replacer
}

var (
	moments = regexp.MustCompile(`\d{4}-\d\d-\d\d(?:[T ]\d\d:\d\d(?::\d\d(?:\.\d+)?)?(?: ?(?:Z|UTC|[+-]\d\d:?\d\d))?)?`)
	ulids   = regexp.MustCompile(`\b[0-7][0-9A-HJKMNP-TV-Z]{25}\b`)
	// seeds are the boundaries around what came from Jira, which are new in each run.
	seeds = regexp.MustCompile(`\b(untrusted)-[a-z0-9]{8,}`)
	// marks are those of calls, in messages of pages' versions.
	marks = regexp.MustCompile(`\b(aofctl):[0-9a-f]{12}\b`)
)

func (w *world) cleaner() *cleaner {
	jira, wiki := w.box.JiraURL(), w.box.ConfluenceURL()
	c := &cleaner{replace: strings.NewReplacer(jira, "http://jira", wiki, "http://confluence", w.front.url, "http://daemon"),
		named: strings.NewReplacer(jira, jiraName, wiki, wikiName), found: strings.NewReplacer(jiraName, jira, wikiName, wiki)}
	var pairs []string
	for _, value := range w.secrets() {
		pairs = append(pairs, value, "***")
	}
	c.secrets = strings.NewReplacer(pairs...)
	return c
}

// Where a recording has the address of Jira, or of Confluence if it has another.
const (
	jiraName = "{{jira}}"
	wikiName = "{{confluence}}"
)

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

// kept is a text as a recording has it.
func (c *cleaner) kept(text string) string { return c.named.Replace(c.secrets.Replace(text)) }

func (c *cleaner) hash(text string) string {
	text = c.replace.Replace(c.secrets.Replace(text)) // what is played back has no secrets
	text = moments.ReplaceAllString(text, "TIME")
	text = ulids.ReplaceAllString(text, "ID")
	text = seeds.ReplaceAllString(text, "$1")
	text = marks.ReplaceAllString(text, "$1")
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
		parts := []string{m.Text}
		for _, call := range m.ToolCalls {
			parts = append(parts, call.Name+" "+canonical(call.Args))
		}
		name := string(m.Role)
		if m.ToolName != "" {
			name = m.ToolName
		}
		a.Messages = append(a.Messages, name+" "+c.hash(strings.Join(parts, "\n")))
	}
	return a
}

// canonical is JSON that says the same in the same bytes.
func canonical(raw json.RawMessage) string {
	var v any
	if json.Unmarshal(raw, &v) == nil {
		if same, err := json.Marshal(v); err == nil {
			return string(same)
		}
	}
	return string(raw)
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
