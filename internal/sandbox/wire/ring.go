package wire

// Ring keeps the newest items up to a limit.
type Ring[T any] struct {
	limit int
	first int
	kept  []T
}

// NewRing makes one for so many items.
func NewRing[T any](limit int) Ring[T] { return Ring[T]{limit: limit} }

// Add adds an item, in place of the oldest if there are as many as may be.
func (r *Ring[T]) Add(item T) {
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

// Items are the kept items, oldest first.
func (r *Ring[T]) Items() []T {
	out := make([]T, 0, len(r.kept))
	out = append(out, r.kept[r.first:]...)
	return append(out, r.kept[:r.first]...)
}

// Clear forgets all items.
func (r *Ring[T]) Clear() { r.kept, r.first = nil, 0 }
