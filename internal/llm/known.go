package llm

// The names of the dialects: what a server takes and gives beyond or short of
// OpenAI's own chat completions.
const (
	openAICompatible = "openai-compatible"
	openAIName       = "openai"
	googleName       = "google"
	ollamaName       = "ollama"
	anthropicName    = "anthropic"
	azureName        = "azure"
)

// profile is what is known about a provider by its name.
type profile struct {
	// baseURL is where it is, unless the environment variable baseEnv or the
	// configuration says otherwise.
	baseURL string
	baseEnv string
	// keyEnvs name the environment variables that may hold the key; none for a
	// provider that wants no key.
	keyEnvs []string
	dialect dialect
	// refusal says why the provider is not offered and what to do instead.
	refusal string
}

// dialect is how a provider differs from OpenAI's chat completions.
type dialect struct {
	// openAI has the rules of OpenAI's own models: reasoning models take
	// max_completion_tokens and no temperature.
	openAI bool
	// messages: it speaks Anthropic's Messages API.
	messages bool
	// azure: deployments and versions are in the address, the key is in api-key.
	azure bool
	// reportsCost: the usage says what was charged.
	reportsCost bool
	// keepMessage and keepCall are fields of an answer's message and tool calls
	// that have to come back with the next request.
	keepMessage []string
	keepCall    []string
	// signatures: a tool call without a thought signature is refused (Gemini 3).
	signatures bool
	// omitEmptyParameters: an object without properties is refused (Gemini).
	omitEmptyParameters bool
	// shortIDs: the ids of tool calls are nine letters and digits (Mistral).
	shortIDs bool
}

// known gives the profile of each provider that is known by name.
func known() map[string]profile {
	return map[string]profile{
		openAIName: {
			baseURL: "https://api.openai.com/v1", baseEnv: "OPENAI_BASE_URL",
			keyEnvs: []string{"OPENAI_API_KEY"}, dialect: dialect{openAI: true},
		},
		// https://ai.google.dev/gemini-api/docs/openai and …/thought-signatures
		googleName: {
			baseURL: "https://generativelanguage.googleapis.com/v1beta/openai",
			keyEnvs: []string{"GOOGLE_API_KEY", "GEMINI_API_KEY"},
			dialect: dialect{
				keepMessage: []string{"extra_content"}, keepCall: []string{"extra_content"},
				signatures: true, omitEmptyParameters: true,
			},
		},
		anthropicName: {
			baseURL: "https://api.anthropic.com", baseEnv: "ANTHROPIC_BASE_URL",
			keyEnvs: []string{"ANTHROPIC_API_KEY"}, dialect: dialect{messages: true},
		},
		ollamaName: {
			baseURL: "http://localhost:11434/v1", baseEnv: "OLLAMA_HOST",
			dialect: dialect{keepMessage: []string{"reasoning"}},
		},
		"groq": {
			baseURL: "https://api.groq.com/openai/v1", keyEnvs: []string{"GROQ_API_KEY"},
		},
		"mistral": {
			baseURL: "https://api.mistral.ai/v1", keyEnvs: []string{"MISTRAL_API_KEY"},
			dialect: dialect{shortIDs: true},
		},
		"openrouter": {
			baseURL: "https://openrouter.ai/api/v1", keyEnvs: []string{"OPENROUTER_API_KEY"},
			dialect: dialect{keepMessage: []string{"reasoning_details"}, reportsCost: true},
		},
		// https://learn.microsoft.com/azure/ai-foundry/openai/api-version-lifecycle
		azureName: {
			baseEnv: "AZURE_OPENAI_ENDPOINT", keyEnvs: []string{"AZURE_OPENAI_API_KEY"},
			dialect: dialect{openAI: true, azure: true},
		},
		"bedrock": {refusal: "Amazon Bedrock is not offered by name; configure its OpenAI-compatible endpoint or a gateway with " +
			"type: openai-compatible, base_url and key"},
	}
}

// compatible is the profile of any other OpenAI-compatible server. It may be a
// gateway to one of the providers above, so that their fields are kept too.
func compatible() profile {
	return profile{dialect: dialect{
		keepMessage: []string{"extra_content", "reasoning_details", "reasoning_content"},
		keepCall:    []string{"extra_content"},
	}}
}
