package jira

import (
	"context"
	"slices"
)

// Newest asks for a part of a list of which people want the end: Skip of the
// newest are left out, then come at most Limit.
type Newest struct {
	Skip  int
	Limit int
}

// Page is a part of a list, the newest first.
type Page[T any] struct {
	Items []T
	// Total is how many there are in all.
	Total int
	// Next is what to skip for the next page; 0 if this is the last.
	Next int
}

// listed is one answer of a list that begins with the oldest.
type listed[T any] struct {
	items []T
	total int
}

// tail reads the end of a list whose pages begin with the oldest. Servers that
// do not know pages answer with the whole list, whatever is asked for.
func tail[T any](ctx context.Context, n Newest, fetch func(ctx context.Context, start, limit int) (listed[T], error)) (Page[T], error) {
	first, err := fetch(ctx, 0, n.Limit)
	if err != nil {
		return Page[T]{}, err
	}
	total := max(first.total, len(first.items))
	end := max(total-n.Skip, 0)
	start := max(end-n.Limit, 0)
	items := first.items
	if end > len(items) {
		answer, err := fetch(ctx, start, end-start)
		if err != nil {
			return Page[T]{}, err
		}
		items = answer.items[:min(end-start, len(answer.items))]
	} else {
		items = items[start:end]
	}
	page := Page[T]{Items: slices.Clone(items), Total: total}
	slices.Reverse(page.Items)
	if start > 0 && len(items) > 0 {
		page.Next = n.Skip + len(items)
	}
	return page, nil
}
