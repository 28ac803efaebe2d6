package trace

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/aofctl/aofctl/internal/atlassian/confluence"
	"github.com/aofctl/aofctl/internal/tool"
	toolconfluence "github.com/aofctl/aofctl/internal/tool/confluence"
)

// newsKey is the property of a page that keeps what people were told of.
const newsKey = "aofctl.told"

// maxItems bounds a list of which news are told. What is kept of an item has up to 30 bytes,
// and Confluence's properties have 32 KiB.
const maxItems = 1000

type newsArgs struct {
	Page  toolconfluence.Ref `json:"page_id"`
	Name  string             `json:"name"`
	Items []string           `json:"items"`
}

// newsAnswer is the result of atlassian_tell_new.
type newsAnswer struct {
	// First is true if nothing was kept before; all items are new then.
	First bool     `json:"first"`
	New   []string `json:"new"`
	// Gone counts items that the list had the time before.
	Gone int `json:"gone"`
}

// told is what the property keeps: by the list's name, what it had.
type told map[string]*toldList

// toldList keeps the items of one list, as hashes.
type toldList struct {
	Items []string `json:"items"`
	// Call is the call that was told what is New of them, and how many are Gone, so
	// that it is told again if it did not hear the answer.
	Call  string   `json:"call"`
	New   []string `json:"new"`
	Gone  int      `json:"gone"`
	First bool     `json:"first"`
}

func (t *Tools) whatIsNew() tool.Tool {
	return handler[newsArgs]{
		tools: t, offline: true,
		spec: spec("atlassian_tell_new", tool.Write,
			"For flows: keep a list at a page, and tell what it did not have the time before. Of several runs only one is told of an item.",
			`{"type":"object","properties":{
"page_id":{"type":"string","description":"id or address"},
"name":{"type":"string","description":"of the list; a page may keep several"},
"items":{"type":"array","items":{"type":"string"}}},
"required":["page_id","name","items"]}`),
		pages: func(a newsArgs) []toolconfluence.Ref { return []toolconfluence.Ref{a.Page} },
		run:   runNews,
	}
}

func runNews(ctx context.Context, j job, a newsArgs) (any, error) {
	switch {
	case strings.TrimSpace(a.Name) == "" || len(a.Name) > maxName:
		return nil, refuse("name is empty or longer than %d bytes", maxName)
	case len(a.Items) > maxItems:
		return nil, refuse("%d items are given, at most %d are possible", len(a.Items), maxItems)
	}
	page, err := j.wiki.Load(ctx, a.Page, confluence.PageRead{})
	if err != nil {
		return nil, err
	}
	var answer newsAnswer
	done := false
	err = j.once(ctx, j.call.ID, tool.Action{
		Kind: "page property", Target: "page:" + page.ID, Repeatable: true,
		Find: func(context.Context, time.Time) (string, bool, error) { return "", false, nil },
		Send: func(ctx context.Context) (string, error) {
			var err error
			answer, err = j.news(ctx, page.ID, a)
			done = err == nil
			return page.ID, err
		},
	})
	if err == nil && !done { // it was made before, and its answer lost
		answer, err = j.news(ctx, page.ID, a)
	}
	return answer, err
}

// news compares a list with what is kept of it and keeps it. It answers the same to
// the same call.
func (j job) news(ctx context.Context, page string, a newsArgs) (newsAnswer, error) {
	for try := 1; ; try++ {
		now, version, err := j.told(ctx, page)
		if err != nil {
			return newsAnswer{}, err
		}
		list := now[a.Name]
		if list == nil || list.Call != j.call.ID {
			list = list.next(a.Items, j.call.ID)
			now[a.Name] = list
			raw, err := json.Marshal(now)
			if err != nil {
				return newsAnswer{}, fmt.Errorf("encode %s: %w", newsKey, err)
			}
			if _, err = j.wiki.API().SetProperty(ctx, page, newsKey, raw, version); err != nil {
				if confluence.Conflict(err) && try < maxChanges {
					continue
				}
				return newsAnswer{}, err
			}
		}
		return list.answer(a.Items), nil
	}
}

func (j job) told(ctx context.Context, page string) (told, int, error) {
	p, err := j.wiki.API().Property(ctx, page, newsKey)
	if confluence.NotFound(err) {
		return told{}, 0, nil
	}
	if err != nil {
		return nil, 0, err
	}
	now := told{}
	if json.Unmarshal(p.Value, &now) != nil || now == nil {
		now = told{} // somebody wrote something else there: then all is new
	}
	return now, p.Version, nil
}

// next is the list with other items. l may be nil.
func (l *toldList) next(items []string, call string) *toldList {
	out := &toldList{Items: []string{}, New: []string{}, Call: call, First: l == nil}
	var had []string
	if l != nil {
		had = l.Items
	}
	for _, item := range items {
		h := itemHash(item)
		if slices.Contains(out.Items, h) {
			continue
		}
		out.Items = append(out.Items, h)
		if !slices.Contains(had, h) {
			out.New = append(out.New, h)
		}
	}
	for _, h := range had {
		if !slices.Contains(out.Items, h) {
			out.Gone++
		}
	}
	return out
}

func (l *toldList) answer(items []string) newsAnswer {
	out := newsAnswer{First: l.First, New: []string{}, Gone: l.Gone}
	for _, item := range items {
		if slices.Contains(l.New, itemHash(item)) && !slices.Contains(out.New, item) {
			out.New = append(out.New, item)
		}
	}
	return out
}

func itemHash(item string) string {
	sum := sha256.Sum256([]byte(item))
	return hex.EncodeToString(sum[:6])
}
