package manifest

import (
	"slices"
	"strings"
)

// foreignTool reports whether a name is one of AOF's tools that this program
// does not have: the agent runs without it, and the loader says so.
func foreignTool(name string) bool {
	names := []string{
		"shell", "bash", "sh", "read_file", "write_file", "list_directory", "search_files",
		"kubectl", "git", "docker", "terraform", "aws", "helm", "gcloud", "gcp", "azure",
		"prometheus", "loki", "grafana", "elasticsearch", "victoriametrics", "datadog", "newrelic", "splunk",
		"argocd", "flux", "vault", "trivy", "snyk", "sonarqube", "opa",
		"servicenow", "pagerduty", "opsgenie", "slack", "github", "gitlab", "bitbucket",
	}
	prefixes := []string{
		"kubectl_", "docker_", "git_", "terraform_", "prometheus_", "loki_", "grafana_", "elasticsearch_",
		"victoriametrics_", "datadog_", "newrelic_", "splunk_", "servicenow_", "gitlab_", "pagerduty_",
		"opsgenie_", "github_workflow_", "github_run_", "github_artifacts_",
	}
	name = strings.ToLower(name)
	return slices.Contains(names, name) || hasPrefix(name, prefixes)
}

func hasPrefix(s string, prefixes []string) bool {
	return slices.ContainsFunc(prefixes, func(p string) bool { return strings.HasPrefix(s, p) })
}

// foreignTypes are the types of trigger, as AOF names them, that this version
// does not offer.
func foreignTypes() []string {
	return []string{
		"slack", "telegram", "discord", "whatsapp", "pagerduty", "opsgenie", "teams", "gitlab", "bitbucket",
		"manual", "cron", "email", "webhook", "servicenow",
	}
}

// foreignKinds are AOF's kinds that this program does not have.
func foreignKinds() []string {
	return []string{"Context", "Workflow", "FlowBinding", "ToolClassification", "ToolClassifications", "MemoryConfig"}
}

// providerOf guesses the provider of a model that is named without one.
func providerOf(model string) string {
	model = strings.ToLower(model)
	switch {
	case strings.HasPrefix(model, "claude"):
		return "anthropic"
	case strings.HasPrefix(model, "gpt"), strings.HasPrefix(model, "chatgpt"):
		return "openai"
	case len(model) > 1 && model[0] == 'o' && model[1] >= '1' && model[1] <= '9':
		return "openai"
	case strings.HasPrefix(model, "gemini"):
		return "google"
	}
	return ""
}

// providerName maps AOF's other names of providers to ours.
func providerName(name string) string {
	switch name = strings.ToLower(name); name {
	case "claude":
		return "anthropic"
	case "gpt":
		return "openai"
	case "gemini":
		return "google"
	case "aws":
		return bedrock
	}
	return name
}
