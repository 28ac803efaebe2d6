package llm

// bytesPerToken is how few bytes a token is believed to have when the size of a
// request is estimated for the worst: what agents send has three and more on
// average.
const bytesPerToken = 2

// Worst is the most that a call may take, and cost in micro-dollars: all of the
// request written to the provider's cache, and an answer as long as it may be. Of
// a model and those that stand in for it the dearest counts. The cost is nil if
// the price of one of them is not known.
func (p *Providers) Worst(refs []string, req Request) (Usage, *int64) {
	in := sizeOf(req)/bytesPerToken + 1
	out := req.MaxTokens
	if out <= 0 {
		out = defaultMaxTokens
	}
	usage := Usage{In: in, CacheWriteIn: in, Out: out}
	var most *int64
	for _, ref := range refs {
		for _, one := range append([]string{ref}, p.fallbacks[ref]...) {
			cost := p.prices.Cost(one, usage)
			if cost == nil {
				return usage, nil
			}
			if most == nil || *cost > *most {
				most = cost
			}
		}
	}
	return usage, most
}

// sizeOf is how many bytes of text a request has.
func sizeOf(req Request) int {
	n := len(req.System)
	for _, m := range req.Messages {
		n += len(m.Text) + len(m.ProviderState)
		for _, c := range m.ToolCalls {
			n += len(c.Name) + len(c.Args)
		}
	}
	for _, t := range req.Tools {
		n += len(t.Name) + len(t.Description) + len(t.Parameters)
	}
	return n
}
