package llm

import (
	"net/url"
	"strconv"
	"strings"
)

// traits is what a model's name tells about what it takes.
type traits struct {
	// completionLimit: the limit is called max_completion_tokens.
	completionLimit bool
	// fixedTemperature: no temperature but 1 is taken.
	fixedTemperature bool
	// responsesTools: tools are only taken by OpenAI's Responses API.
	responsesTools bool
	// signatures: earlier tool calls need a thought signature.
	signatures bool
}

// skipSignature is the signature that Gemini accepts for tool calls that it did
// not make itself (https://ai.google.dev/gemini-api/docs/thought-signatures).
const skipSignature = "skip_thought_signature_validator"

func traitsOf(p *provider, model string) traits {
	var t traits
	if p.dialect.signatures {
		name := strings.TrimPrefix(model, "models/")
		t.signatures = !strings.HasPrefix(name, "gemini-1") && !strings.HasPrefix(name, "gemini-2")
	}
	if p.dialect.openAI && reasons(model) {
		t.completionLimit, t.fixedTemperature = true, true
		t.responsesTools = atOpenAI(p.baseURL) && gptSince54(model)
	}
	return t
}

// reasons reports whether a model of OpenAI's is a reasoning model: the o series
// and gpt-5 and later, without those made for chatting.
func reasons(model string) bool {
	if strings.Contains(model, "-chat") {
		return false
	}
	for _, series := range []string{"o1", "o3", "o4"} {
		if model == series || strings.HasPrefix(model, series+"-") {
			return true
		}
	}
	major, _ := gptVersion(model)
	return major >= 5
}

// gptSince54 reports whether OpenAI refuses function tools for the model on
// /chat/completions, as it does from gpt-5.4 on.
func gptSince54(model string) bool {
	major, minor := gptVersion(model)
	return major > 5 || major == 5 && minor >= 4
}

// gptVersion reads "gpt-5.4-mini" as 5, 4 and gives zeros for other names.
func gptVersion(model string) (major, minor int) {
	rest, ok := strings.CutPrefix(model, "gpt-")
	if !ok {
		return 0, 0
	}
	version, _, _ := strings.Cut(rest, "-")
	whole, part, dotted := strings.Cut(version, ".")
	major, err := strconv.Atoi(whole)
	if err != nil {
		return 0, 0
	}
	if dotted {
		if minor, err = strconv.Atoi(part); err != nil {
			return 0, 0
		}
	}
	return major, minor
}

func atOpenAI(baseURL string) bool {
	u, err := url.Parse(baseURL)
	return err == nil && strings.HasSuffix(u.Hostname(), "api.openai.com")
}
