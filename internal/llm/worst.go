package llm

// bytesPerToken is how few bytes a token is believed to have when the size of a
// request is estimated for the worst: what agents send has three and more on
// average.
const bytesPerToken = 2

// Worst is the most that a call may take, and cost in micro-dollars: all of the
// request written to the provider's cache, and an answer as long as it may be. refs
// are a model and those of an agent that stand in for it; a model alone has those
// that are configured for it, as Open and WithFallbacks have it. The dearest counts.
// The cost is nil if the price of one of them is not known.
func (p *Providers) Worst(refs []string, req Request) (Usage, *int64) {
	in := sizeOf(req)/bytesPerToken + 1
	out := req.MaxTokens
	if out <= 0 {
		out = defaultMaxTokens
	}
	usage := Usage{In: in, CacheWriteIn: in, Out: out}
	if len(refs) == 1 {
		refs = append([]string{refs[0]}, p.fallbacks[refs[0]]...)
	}
	var most *int64
	for _, ref := range refs {
		cost := p.prices.Cost(ref, usage)
		if cost == nil {
			return usage, nil
		}
		if most == nil || *cost > *most {
			most = cost
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
