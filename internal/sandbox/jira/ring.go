package jira

// ring keeps the newest items up to a limit.
type ring[T any] struct {
	limit int
	first int
	kept  []T
}

func newRing[T any](limit int) ring[T] { return ring[T]{limit: limit} }

func (r *ring[T]) add(item T) {
	if r.limit <= 0 {
		return
	}
	if len(r.kept) < r.limit {
		r.kept = append(r.kept, item)
		return
	}
	r.kept[r.first] = item
	r.first = (r.first + 1) % r.limit
}

// items are the kept items, oldest first.
func (r *ring[T]) items() []T {
	out := make([]T, 0, len(r.kept))
	out = append(out, r.kept[r.first:]...)
	return append(out, r.kept[:r.first]...)
}

func (r *ring[T]) clear() { r.kept, r.first = nil, 0 }
