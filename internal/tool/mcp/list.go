package mcp

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"time"

	sdk "github.com/modelcontextprotocol/go-sdk/mcp"
	"github.com/rs/zerolog"
)

// Bounds of a server's list of tools.
const (
	maxPages = 50
	maxTools = 500
)

// list returns the server's tools, as it told them a moment ago.
func (c *connection) list(ctx context.Context) ([]*sdk.Tool, error) {
	if err := c.take(ctx); err != nil {
		return nil, err
	}
	defer c.give()
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	defer context.AfterFunc(c.life, cancel)()
	s, err := c.ensure(ctx)
	if err != nil {
		return nil, err
	}
	c.mu.Lock()
	tools, good := c.tools, !c.changed && time.Since(c.listed) < fresh
	c.changed = c.changed && good
	c.mu.Unlock()
	if good {
		return tools, nil
	}
	if tools, err = c.read(ctx, s); err != nil {
		return nil, err
	}
	if err := c.pinned(tools); err != nil {
		return nil, err
	}
	c.compare(tools)
	return tools, nil
}

// read asks for the list, page by page.
func (c *connection) read(ctx context.Context, s *sdk.ClientSession) ([]*sdk.Tool, error) {
	ctx, cancel := context.WithTimeout(ctx, c.server.timeout())
	defer cancel()
	var tools []*sdk.Tool
	params := &sdk.ListToolsParams{}
	for range maxPages {
		page, err := s.ListTools(ctx, params)
		if err != nil {
			failure := c.trouble("it does not tell its tools: "+oneLine(err.Error(), maxWords), err)
			c.drop(s, failure.Reason)
			return nil, failure
		}
		for _, t := range page.Tools {
			if t != nil && t.Name != "" && c.server.offers(t.Name) {
				tools = append(tools, t)
			}
		}
		if params.Cursor = page.NextCursor; params.Cursor == "" || len(tools) > maxTools {
			break
		}
	}
	slices.SortStableFunc(tools, func(a, b *sdk.Tool) int { return compareText(a.Name, b.Name) })
	tools = slices.CompactFunc(tools, func(a, b *sdk.Tool) bool { return a.Name == b.Name })
	return tools[:min(len(tools), maxTools)], nil
}

func compareText(a, b string) int {
	switch {
	case a < b:
		return -1
	case a > b:
		return 1
	}
	return 0
}

// pinned refuses tools that are not those that the operator looked at.
func (c *connection) pinned(tools []*sdk.Tool) error {
	if c.server.Pin == "" || Fingerprint(tools) == c.server.Pin {
		return nil
	}
	return c.lasting(fmt.Sprintf("its tools are not those that are pinned: they have %s now. Look at what changed (aofctl doctor), then change the pin",
		Fingerprint(tools)), errors.New("pinned tools changed"))
}

// Fingerprint is a hash of everything that a server says of some of its tools.
func Fingerprint(tools []*sdk.Tool) string {
	h := sha256.New()
	for _, t := range tools {
		h.Write([]byte(fingerprint(t) + "\n"))
	}
	return "sha256:" + hex.EncodeToString(h.Sum(nil))
}

// fingerprint is a hash of what a server says of one tool.
func fingerprint(t *sdk.Tool) string {
	body, err := json.Marshal(struct {
		Name, Title, Description string
		Schema                   any
		Annotations              *sdk.ToolAnnotations
	}{t.Name, t.Title, t.Description, t.InputSchema, t.Annotations})
	if err != nil {
		body = []byte(t.Name)
	}
	sum := sha256.Sum256(body)
	return hex.EncodeToString(sum[:])
}

// compare logs what changed since the last list, and remembers this one.
func (c *connection) compare(tools []*sdk.Tool) {
	prints := make(map[string]string, len(tools))
	for _, t := range tools {
		prints[t.Name] = fingerprint(t)
	}
	c.mu.Lock()
	before := c.prints
	c.tools, c.prints, c.listed = tools, prints, time.Now()
	if !maps.Equal(before, prints) {
		c.edition++
	}
	c.mu.Unlock()
	if before == nil || maps.Equal(before, prints) {
		return
	}
	added, gone, altered := differences(before, prints)
	c.log.Warn().Func(func(e *zerolog.Event) {
		e.Strs("added", added).Strs("gone", gone).Strs("changed", altered)
	}).Str("fingerprint", Fingerprint(tools)).Msg("the tools of an MCP server changed while it was in use")
}

// differences returns the names of tools that are new, gone and not as they were.
func differences(before, now map[string]string) (added, gone, altered []string) {
	for _, name := range slices.Sorted(maps.Keys(now)) {
		switch was, known := before[name]; {
		case !known:
			added = append(added, oneLine(name, maxName))
		case was != now[name]:
			altered = append(altered, oneLine(name, maxName))
		}
	}
	for _, name := range slices.Sorted(maps.Keys(before)) {
		if _, still := now[name]; !still {
			gone = append(gone, oneLine(name, maxName))
		}
	}
	return added, gone, altered
}
