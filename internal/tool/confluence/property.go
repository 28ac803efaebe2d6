package confluence

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"regexp"
	"strings"
	"time"

	"github.com/aofctl/aofctl/internal/atlassian/confluence"
	"github.com/aofctl/aofctl/internal/tool"
)

type getPropertyArgs struct {
	Page Ref    `json:"page_id"`
	Key  string `json:"key"`
}

func (t *Tools) getProperty() tool.Tool {
	return handler[getPropertyArgs]{
		tools: t,
		spec: spec("confluence_get_property", tool.Read, "Read a property of a page, which people do not see; without a key, list all.", `{"type":"object","properties":{
"page_id":{"type":"string","description":"id or address"},
"key":{"type":"string"}},
"required":["page_id"]}`, "confluence_get_properties"),
		page: func(a getPropertyArgs) Ref { return a.Page },
		run: func(ctx context.Context, j job, a getPropertyArgs) (tool.Result, error) {
			page, err := j.load(ctx, a.Page, confluence.PageRead{})
			if err != nil {
				return tool.Result{}, err
			}
			out := tool.Result{Target: target(page.ID)}
			if key := strings.TrimSpace(a.Key); key != "" {
				p, err := j.api.Property(ctx, page.ID, key)
				if confluence.NotFound(err) {
					return tool.Result{}, refuse("page %s has no property %q", page.ID, shorten(key))
				}
				out.Text = fmt.Sprintf("%s (version %d): %s", key, p.Version, p.Value)
				return out, err
			}
			list, err := j.api.Properties(ctx, page.ID)
			rows := make([]string, 0, len(list))
			for _, p := range list {
				rows = append(rows, p.Key+": "+shorten(string(p.Value)))
			}
			out.Text = table(fmt.Sprintf("%d properties", len(list)), rows, "")
			return out, err
		},
	}
}

type setPropertyArgs struct {
	Page  Ref    `json:"page_id"`
	Key   string `json:"key"`
	Value string `json:"value"`
}

var propertyName = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9._-]{0,99}$`)

// maxProperty is Confluence's limit for a value, in bytes
// (https://developer.atlassian.com/cloud/confluence/confluence-entity-properties/).
const maxProperty = 32 << 10

func (t *Tools) setProperty() tool.Tool {
	return handler[setPropertyArgs]{
		tools: t,
		spec: spec("confluence_set_property", tool.Write, "Write a property of a page, which people do not see.", `{"type":"object","properties":{
"page_id":{"type":"string","description":"id or address"},
"key":{"type":"string"},
"value":{"type":"string","description":"JSON, or a text"}},
"required":["page_id","key","value"]}`),
		page: func(a setPropertyArgs) Ref { return a.Page },
		run: func(ctx context.Context, j job, a setPropertyArgs) (tool.Result, error) {
			key := strings.TrimSpace(a.Key)
			value, err := propertyValue(a.Value)
			switch {
			case err != nil:
				return tool.Result{}, err
			case !propertyName.MatchString(key):
				return tool.Result{}, refuse("%q is not a key: letters, digits, dots, dashes and underscores, at most 100", shorten(key))
			case key == propertyKey:
				return tool.Result{}, refuse("the property %s is not for agents", key)
			}
			page, err := j.load(ctx, a.Page, confluence.PageRead{})
			if err != nil {
				return tool.Result{}, err
			}
			if err := j.put(ctx, j.call.ID, page.ID, key, value); err != nil {
				return tool.Result{}, err
			}
			return ack(page.ID, "Page %s has the property %s now.", page.ID, key)
		},
	}
}

// propertyValue makes JSON of a value; what is none is a text.
func propertyValue(text string) (json.RawMessage, error) {
	var out bytes.Buffer
	if json.Compact(&out, []byte(text)) != nil {
		out.Reset()
		raw, err := json.Marshal(text)
		if err != nil {
			return nil, fmt.Errorf("encode value: %w", err)
		}
		out.Write(raw)
	}
	if out.Len() > maxProperty {
		return nil, refuse("the value has %d bytes; Confluence takes %d", out.Len(), maxProperty)
	}
	return out.Bytes(), nil
}

// put writes a property once. The version of the value that is replaced goes along,
// so what somebody else writes at the same moment is not lost unseen.
func (j job) put(ctx context.Context, id, page, key string, value json.RawMessage) error {
	now := func(ctx context.Context) (confluence.Property, bool, error) {
		p, err := j.api.Property(ctx, page, key)
		if confluence.NotFound(err) {
			return confluence.Property{}, false, nil
		}
		return p, err == nil && sameJSON(p.Value, value), err
	}
	action := tool.Action{
		Kind: "page property", Target: target(page), Repeatable: true,
		Find: func(ctx context.Context, _ time.Time) (string, bool, error) {
			_, same, err := now(ctx)
			return key, same, err
		},
		Send: func(ctx context.Context) (string, error) {
			p, same, err := now(ctx)
			if err != nil || same {
				return key, err
			}
			_, err = j.api.SetProperty(ctx, page, key, value, p.Version)
			return key, err
		},
	}
	_, err := j.once(ctx, id, action)
	if confluence.Conflict(err) {
		_, err = j.once(ctx, id, action)
	}
	return err
}

// sameJSON compares values as JSON, whose members have no order.
func sameJSON(a, b json.RawMessage) bool {
	var x, y any
	if json.Unmarshal(a, &x) != nil || json.Unmarshal(b, &y) != nil {
		return false
	}
	left, errLeft := json.Marshal(x)
	right, errRight := json.Marshal(y)
	return errLeft == nil && errRight == nil && bytes.Equal(left, right)
}
