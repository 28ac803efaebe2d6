package trace

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"time"

	"github.com/aofctl/aofctl/internal/atlassian/confluence"
	"github.com/aofctl/aofctl/internal/markup/storage"
	"github.com/aofctl/aofctl/internal/requirement"
	"github.com/aofctl/aofctl/internal/tool"
	toolconfluence "github.com/aofctl/aofctl/internal/tool/confluence"
)

// kept is a register as it is kept at a page.
type kept struct {
	requirement.Register

	raw     json.RawMessage
	version int
	// there is false if the page has no register.
	there bool
}

// register reads the register of a page.
func (j job) register(ctx context.Context, page string) (kept, error) {
	p, err := j.wiki.API().Property(ctx, page, requirement.Key)
	if confluence.NotFound(err) {
		return kept{}, nil
	}
	if err != nil {
		return kept{}, err
	}
	r, err := requirement.Decode(p.Value)
	if err != nil {
		return kept{}, fmt.Errorf("page %s: %w", page, err)
	}
	return kept{Register: r, raw: p.Value, version: p.Version, there: true}, nil
}

// maxChanges is how often a register is read anew when others were faster, and
// changedAgain how long is waited then.
const (
	maxChanges   = 6
	changedAgain = 2 * time.Second
)

// change makes a change of a page's register, on whatever is there. The change is
// made again when somebody else was faster, and after a crash, so it must do nothing
// to what it did already. It returns the register as it is then.
func (j job) change(ctx context.Context, id, page string, change func(*kept) error) (kept, error) {
	var now kept
	made := false
	err := j.once(ctx, id, tool.Action{
		Kind: "requirements", Target: "page:" + page, Repeatable: true,
		Find: func(context.Context, time.Time) (string, bool, error) { return "", false, nil },
		Send: func(ctx context.Context) (string, error) {
			var err error
			now, err = j.swap(ctx, page, change)
			made = err == nil
			return page, err
		},
	})
	if err != nil || made {
		return now, err
	}
	return j.register(ctx, page)
}

func (j job) swap(ctx context.Context, page string, change func(*kept) error) (kept, error) {
	for try := 1; ; try++ {
		now, err := j.register(ctx, page)
		if err != nil {
			return now, err
		}
		now.Register = now.Clone()
		if err := change(&now); err != nil {
			return now, err
		}
		raw, err := requirement.Encode(now.Register)
		if err != nil {
			return now, err
		}
		if now.there && bytes.Equal(compact(raw), compact(now.raw)) {
			return now, nil
		}
		p, err := j.wiki.API().SetProperty(ctx, page, requirement.Key, raw, now.version)
		if err == nil {
			now.raw, now.version, now.there = raw, p.Version, true
			return now, nil
		}
		if !confluence.Conflict(err) {
			return now, err
		}
		if try == maxChanges {
			return now, &busyError{"others keep changing the register of page " + page, changedAgain}
		}
	}
}

func compact(raw json.RawMessage) []byte {
	var b bytes.Buffer
	if json.Compact(&b, raw) != nil {
		return raw
	}
	return b.Bytes()
}

// loaded is a page with what it says and what is registered of it.
type loaded struct {
	confluence.Page

	outline requirement.Outline
	kept    kept
}

// load reads a page with its text and its register.
func (j job) load(ctx context.Context, ref toolconfluence.Ref) (loaded, error) {
	page, err := j.wiki.Load(ctx, ref, confluence.PageRead{Body: true})
	if err != nil {
		return loaded{}, err
	}
	d, _ := storage.Parse(page.Body)
	out := loaded{Page: page, outline: requirement.Read(d)}
	out.kept, err = j.register(ctx, page.ID)
	return out, err
}

// glance reads a page without its text, and its register.
func (j job) glance(ctx context.Context, ref toolconfluence.Ref) (loaded, error) {
	page, err := j.wiki.Load(ctx, ref, confluence.PageRead{})
	if err != nil {
		return loaded{}, err
	}
	out := loaded{Page: page}
	out.kept, err = j.register(ctx, page.ID)
	return out, err
}
