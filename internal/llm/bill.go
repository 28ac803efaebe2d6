package llm

import "errors"

// bill is what tries took that gave no answer and were charged for all the same:
// a call that the model garbled, an answer that broke off.
type bill struct {
	usage Usage
	cost  int64
	// unknown: one of them has no known price.
	unknown bool
}

// add notes what a failed try took.
func (b *bill) add(err error) {
	var e *Error
	if !errors.As(err, &e) || e.Usage.In+e.Usage.Out == 0 {
		return
	}
	b.usage = b.usage.plus(e.Usage)
	if e.CostMicroUSD == nil {
		b.unknown = true
		return
	}
	b.cost += *e.CostMicroUSD
}

func (b *bill) empty() bool { return b.usage.In+b.usage.Out == 0 }

// onto puts it on an answer's own.
func (b *bill) onto(resp Response) Response {
	if b.empty() {
		return resp
	}
	resp.Usage = resp.Usage.plus(b.usage)
	resp.CostMicroUSD = b.total(resp.CostMicroUSD)
	return resp
}

func (b *bill) total(more *int64) *int64 {
	if b.unknown || more == nil {
		return nil
	}
	sum := b.cost + *more
	return &sum
}

// inError gives a failure with the whole of the bill, its own part included: in the
// first error of the provider that errors.As finds, and in no other.
func (b *bill) inError(err error) error {
	if b.empty() {
		return err
	}
	switch e := err.(type) { //nolint:errorlint // the errors of this package, which nothing wraps yet
	case *Error:
		billed := *e
		none := int64(0)
		billed.Usage, billed.CostMicroUSD = b.usage, b.total(&none)
		return &billed
	case outage:
		out := make(outage, len(e))
		for i, one := range e {
			out[i] = one
			if i == 0 {
				out[i] = b.inError(one)
			}
		}
		return out
	default:
		return err
	}
}

func (u Usage) plus(o Usage) Usage {
	return Usage{In: u.In + o.In, CachedIn: u.CachedIn + o.CachedIn, CacheWriteIn: u.CacheWriteIn + o.CacheWriteIn, Out: u.Out + o.Out}
}
