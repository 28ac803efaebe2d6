package memory

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/aofctl/aofctl/internal/memory"
	"github.com/aofctl/aofctl/internal/prompt"
	"github.com/aofctl/aofctl/internal/spell"
	"github.com/aofctl/aofctl/internal/tool"
)

const (
	// page is how many entries a search shows, snippet how much of each value.
	page    = 20
	snippet = 300
	// resultBytes bounds what the model is told in one result.
	resultBytes = 24000
)

type keyArgs struct {
	Key string `json:"key"`
}

type setArgs struct {
	Key   string `json:"key"`
	Value string `json:"value"`
	TTL   string `json:"ttl"`
}

type searchArgs struct {
	Query string `json:"query"`
	Page  string `json:"page_token"`
}

func get(ctx context.Context, j job, a keyArgs) (tool.Result, error) {
	name := key(a.Key)
	e, err := j.memory.Get(ctx, j.scope, name)
	if errors.Is(err, memory.ErrNotFound) {
		return j.missing(ctx, name)
	}
	if err != nil {
		return tool.Result{}, err
	}
	text := prompt.Clean(e.Value)
	if len(text) > resultBytes {
		text = strings.ToValidUTF8(text[:resultBytes], "") + fmt.Sprintf("\ntruncated: %d bytes more", len(text)-resultBytes)
	}
	return tool.Result{Text: fmt.Sprintf("%s (%s):\n%s", prompt.Clean(e.Key), j.about(e), text), Target: name}, nil
}

// missing is no failure: to have nothing is what a cache often tells.
func (j job) missing(ctx context.Context, name string) (tool.Result, error) {
	list, err := j.memory.List(ctx, j.scope)
	if err != nil {
		return tool.Result{}, err
	}
	keys := make([]string, len(list))
	for i, e := range list {
		keys[i] = e.Key
	}
	text := fmt.Sprintf("Nothing is stored under %q", name)
	switch near := spell.Nearest(name, keys); {
	case near != "":
		text += fmt.Sprintf("; there is %q.", prompt.Clean(near))
	case len(keys) == 0:
		text += "; the memory is empty."
	default:
		text += "."
	}
	return tool.Result{Text: text, Target: name}, nil
}

func set(ctx context.Context, j job, a setArgs) (tool.Result, error) {
	ttl, err := lifetime(a.TTL)
	if err != nil {
		return tool.Result{}, err
	}
	c := memory.Change{ID: j.id, Key: key(a.Key), Value: prompt.Clean(a.Value), TTL: ttl, Limit: j.config.Entries}
	if err := c.Check(); err != nil {
		return tool.Result{}, err
	}
	outcome, err := j.memory.Change(ctx, j.scope, c)
	if err != nil {
		return tool.Result{}, err
	}
	verb := "Stored"
	if outcome.Existed {
		verb = "Replaced"
	}
	text := fmt.Sprintf("%s %q; %d of %d entries are in use.", verb, c.Key, outcome.Entries, j.config.Entries)
	return tool.Result{Text: text + dropped(outcome), Target: c.Key}, nil
}

func dropped(o memory.Outcome) string {
	if o.Gone == 0 {
		return ""
	}
	keys := make([]string, len(o.Dropped))
	for i, k := range o.Dropped {
		keys[i] = strconv.Quote(prompt.Clean(k))
	}
	text := " The memory was full: dropped, oldest first: " + strings.Join(keys, ", ")
	if more := o.Gone - len(keys); more > 0 {
		text += fmt.Sprintf(" and %d more", more)
	}
	return text + "."
}

// lifetime reads "90m", "12h" or "7d"; "" is for ever.
func lifetime(s string) (time.Duration, error) {
	s = strings.TrimSpace(s)
	if s == "" {
		return 0, nil
	}
	const most = 10 * 365 * 24 * time.Hour
	ttl, err := time.ParseDuration(s)
	if days, ok := strings.CutSuffix(s, "d"); ok {
		var n float64
		n, err = strconv.ParseFloat(days, 64)
		ttl = time.Duration(min(max(n, 0), 10000) * float64(24*time.Hour))
	}
	if err != nil || ttl < time.Second || ttl > most {
		return 0, fmt.Errorf("ttl %q is not a time span such as 90m, 12h or 7d, of at least 1s and at most 3650d", prompt.Cap(s, 40))
	}
	return ttl, nil
}

func remove(ctx context.Context, j job, a keyArgs) (tool.Result, error) {
	c := memory.Change{ID: j.id, Key: key(a.Key), Delete: true, Limit: j.config.Entries}
	if err := c.Check(); err != nil {
		return tool.Result{}, err
	}
	outcome, err := j.memory.Change(ctx, j.scope, c)
	if err != nil {
		return tool.Result{}, err
	}
	if !outcome.Existed {
		return j.missing(ctx, c.Key)
	}
	return tool.Result{Text: fmt.Sprintf("Deleted %q; %d entries are left.", c.Key, outcome.Entries), Target: c.Key}, nil
}

func search(ctx context.Context, j job, a searchArgs) (tool.Result, error) {
	from := 0
	if a.Page != "" {
		n, err := strconv.Atoi(a.Page)
		if err != nil || n < 0 {
			return tool.Result{}, fmt.Errorf("page_token %q is not one that was given", prompt.Cap(a.Page, 40))
		}
		from = n
	}
	list, err := j.memory.List(ctx, j.scope)
	if err != nil {
		return tool.Result{}, err
	}
	found := memory.Search(list, prompt.Clean(a.Query))
	if len(found) == 0 {
		return tool.Result{Text: fmt.Sprintf("No entry matches; %d are stored.", len(list))}, nil
	}
	if from >= len(found) {
		return tool.Result{Text: fmt.Sprintf("There are no more than %d entries.", len(found))}, nil
	}
	var b strings.Builder
	fmt.Fprintf(&b, "%d of %d entries match.", len(found), len(list))
	until := min(from+page, len(found))
	for _, e := range found[from:until] {
		fmt.Fprintf(&b, "\n- %s (%s): %s", prompt.Clean(e.Key), j.about(e), line(e.Value))
	}
	if until < len(found) {
		fmt.Fprintf(&b, "\nnext: page_token %d", until)
	}
	return tool.Result{Text: b.String()}, nil
}

// line shows the beginning of a value.
func line(value string) string {
	text := strings.Join(strings.Fields(prompt.Clean(value)), " ")
	if n := utf8.RuneCountInString(text); n > snippet {
		return prompt.Cap(text, snippet) + ": memory_get shows all"
	}
	return text
}

// about says how old an entry is, since what was true may not be any more.
func (j job) about(e memory.Entry) string {
	text := "stored " + e.Updated.UTC().Format("2006-01-02 15:04") + " UTC"
	if e.Updated.IsZero() {
		text = "stored by hand"
	}
	if age := j.now().Sub(e.Updated); !e.Updated.IsZero() && age >= 24*time.Hour {
		text += fmt.Sprintf(", %d days ago", int(age.Hours()/24))
	}
	if !e.Expires.IsZero() {
		text += ", until " + e.Expires.UTC().Format("2006-01-02 15:04")
	}
	return text
}
