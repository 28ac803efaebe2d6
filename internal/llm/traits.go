package llm

import (
	"net/url"
	"strconv"
	"strings"
)

// api is one of the ways of asking that providers have.
type api string

const (
	// apiChat is OpenAI's chat completions, which nearly everybody copies.
	apiChat api = "chat"
	// apiResponses is OpenAI's Responses API.
	apiResponses api = "responses"
	// apiMessages is Anthropic's Messages API.
	apiMessages api = "messages"
)

// traits is what a model's name tells about what it takes.
type traits struct {
	api api
	// completionLimit: the limit is called max_completion_tokens.
	completionLimit bool
	// fixedTemperature: no temperature but 1 is taken.
	fixedTemperature bool
	// signatures: earlier tool calls need a thought signature.
	signatures bool
}

// skipSignature is the signature that Gemini accepts for tool calls that it did
// not make itself (https://ai.google.dev/gemini-api/docs/thought-signatures).
const skipSignature = "skip_thought_signature_validator"

func traitsOf(p *provider, model string) traits {
	t := traits{api: apiChat}
	d := p.dialect
	switch {
	case d.messages:
		t.api, t.fixedTemperature = apiMessages, claudeSince47(model)
		return t
	case p.api != "":
		t.api = p.api
	case d.openAI && atOpenAI(p.baseURL) && responsesOnly(model):
		t.api = apiResponses
	}
	if d.signatures {
		name := strings.TrimPrefix(model, "models/")
		t.signatures = !strings.HasPrefix(name, "gemini-1") && !strings.HasPrefix(name, "gemini-2")
	}
	if d.openAI && reasons(model) {
		t.completionLimit, t.fixedTemperature = true, true
	}
	if d.azure {
		// A deployment's name may tell nothing; all models there take the newer name
		// since this version, and the API without versions.
		t.completionLimit = p.apiVersion == "" || p.apiVersion >= "2024-09-01"
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

// responsesOnly reports whether OpenAI takes tools for the model only by its
// Responses API: gpt-5.4 and later, and the pro, codex and deep-research models
// before it (https://platform.openai.com/docs/guides/migrate-to-responses).
func responsesOnly(model string) bool {
	if !reasons(model) && !strings.HasPrefix(model, "codex-") && !strings.Contains(model, "-codex") {
		return false
	}
	for _, kind := range []string{"-pro", "codex", "-deep-research"} {
		if strings.Contains(model, kind) {
			return true
		}
	}
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

// claudeSince47 reports whether Anthropic refuses a temperature for the model,
// as it does from claude-opus-4-7 on
// (https://platform.claude.com/docs/en/about-claude/models/migration-guide).
func claudeSince47(model string) bool {
	parts := strings.Split(undated(model), "-")
	if len(parts) < 3 || parts[0] != "claude" {
		return false
	}
	major, err := strconv.Atoi(parts[2]) // claude-FAMILY-MAJOR-MINOR; before 4 it was the other way round
	if err != nil || major < 4 {
		return false
	}
	minor := 0
	if len(parts) > 3 {
		minor, _ = strconv.Atoi(parts[3])
	}
	return major > 4 || minor >= 7 && minor < 100
}

func atOpenAI(baseURL string) bool {
	u, err := url.Parse(baseURL)
	return err == nil && strings.HasSuffix(u.Hostname(), "api.openai.com")
}
