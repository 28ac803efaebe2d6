package llm

import "github.com/tidwall/gjson"

// usageOf reads the usage of whatever the model's API sends.
func (m *model) usageOf(root gjson.Result) Usage {
	switch m.traits.api {
	case apiResponses:
		return responsesUsage(root)
	case apiMessages:
		return messagesUsage(root)
	default:
		return chatUsage(root)
	}
}

// chatUsage reads the usage of a chat completion. Cached tokens are where OpenAI
// puts them, DeepSeek (prompt_cache_hit_tokens) or Moonshot (cached_tokens);
// Groq has a second place for all of it. Gemini and others count thinking in the
// total only, though it is billed as output.
func chatUsage(root gjson.Result) Usage {
	u := root.Get("usage")
	if !u.IsObject() {
		u = first(root, "x_groq.usage", "choices.0.usage")
	}
	out := Usage{In: count(u.Get("prompt_tokens")), Out: count(u.Get("completion_tokens"))}
	out.Out = max(out.Out, count(u.Get("total_tokens"))-out.In)
	out.CachedIn = count(first(u, "prompt_tokens_details.cached_tokens", "prompt_cache_hit_tokens", "cached_tokens"))
	out.CacheWriteIn = count(u.Get("prompt_tokens_details.cache_write_tokens"))
	return out.plausible()
}

// responsesUsage reads the usage of a response. Reasoning is part of the output.
func responsesUsage(root gjson.Result) Usage {
	u := root.Get("usage")
	out := Usage{
		In: count(u.Get("input_tokens")), Out: count(u.Get("output_tokens")),
		CachedIn:     count(u.Get("input_tokens_details.cached_tokens")),
		CacheWriteIn: count(u.Get("input_tokens_details.cache_write_tokens")),
	}
	out.Out = max(out.Out, count(u.Get("total_tokens"))-out.In)
	return out.plausible()
}

// messagesUsage reads the usage of a message: Anthropic counts what it wrote to
// the cache and read from there apart from the rest of the input
// (https://platform.claude.com/docs/en/build-with-claude/prompt-caching).
func messagesUsage(root gjson.Result) Usage {
	u := root.Get("usage")
	out := Usage{
		CachedIn:     count(u.Get("cache_read_input_tokens")),
		CacheWriteIn: count(u.Get("cache_creation_input_tokens")), Out: count(u.Get("output_tokens")),
	}
	out.In = count(u.Get("input_tokens")) + out.CachedIn + out.CacheWriteIn
	return out.plausible()
}

// plausible makes the parts of the input no more than the whole.
func (u Usage) plausible() Usage {
	u.In, u.Out = clampCount(u.In), clampCount(u.Out)
	u.CachedIn = min(clampCount(u.CachedIn), u.In)
	u.CacheWriteIn = min(clampCount(u.CacheWriteIn), u.In-u.CachedIn)
	return u
}

// first is the first of several values that is there.
func first(v gjson.Result, paths ...string) gjson.Result {
	for _, path := range paths {
		if found := v.Get(path); found.Exists() && found.Type != gjson.Null {
			return found
		}
	}
	return gjson.Result{}
}

// maxTokenCount is more than any call takes; what is above it is a mistake.
const maxTokenCount = 1_000_000_000

func count(v gjson.Result) int {
	f := v.Float()
	if !(f > 0) {
		return 0
	}
	return int(min(f, maxTokenCount))
}

func clampCount(n int) int { return min(max(n, 0), maxTokenCount) }
