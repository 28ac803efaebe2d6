package llm

import (
	"fmt"
	"strings"
)

// advise says what somebody can do about a failure; "" if the message says it, or
// if waiting is all that helps.
func (m *model) advise(kind Kind) string {
	p := m.provider
	switch kind {
	case KindAuth:
		return m.adviseKey()
	case KindQuota:
		return "add credit to the account or raise its limit, or name another model in fallbacks"
	case KindNotFound:
		switch {
		case p.dialect.azure:
			return fmt.Sprintf("check that %s is the name of a deployment and that base_url and api_version are its resource's", m.name)
		case p.kind == ollamaName:
			return fmt.Sprintf("run ollama pull %s there, or check base_url", m.name)
		}
		return "check the agent's model, and base_url if one is set"
	case KindTooLong:
		return "set the agent's max_context_messages lower, or use a model with a larger context"
	default:
		return ""
	}
}

func (m *model) adviseKey() string {
	p := m.provider
	if len(p.keyEnvs) == 0 {
		return fmt.Sprintf("check models.providers.%s.api_key_env", p.name)
	}
	return fmt.Sprintf("check the key in %s (or models.providers.%s.api_key_env) and that it may use the model",
		strings.Join(p.keyEnvs, " or "), p.name)
}
