package forgeapp

import (
	"bytes"
	"fmt"
	"strings"

	"gopkg.in/yaml.v3"
)

// YAML writes the manifest as the file manifest.yml, with comments for whoever
// deploys it.
func (m Manifest) YAML() ([]byte, error) {
	var root yaml.Node
	if err := root.Encode(m); err != nil {
		return nil, fmt.Errorf("write manifest: %w", err)
	}
	for _, c := range m.comments() {
		explain(&root, c.path, c.text)
	}
	doc := yaml.Node{Kind: yaml.DocumentNode, Content: []*yaml.Node{&root}, HeadComment: comment(heading)}
	var out bytes.Buffer
	encoder := yaml.NewEncoder(&out)
	encoder.SetIndent(2)
	if err := encoder.Encode(&doc); err != nil {
		return nil, fmt.Errorf("write manifest: %w", err)
	}
	return out.Bytes(), nil
}

const heading = `The Forge app through which Jira calls the agents of aofctl.
Made by: aofctl forge manifest --config daemon.yaml --output manifest.yml
Make it again, and deploy it, when agents, their names or their tools change.
`

// note is a comment before a field.
type note struct{ path, text string }

func (m Manifest) comments() []note {
	id := "The app's id, which forge register gives; the same as platforms.forge.app_id."
	if m.App.ID == PlaceholderID {
		id = "A placeholder: forge register puts the app's id here. The daemon needs it, too, as\nplatforms.forge.app_id."
	}
	return []note{
		{"app.id", id},
		{"app.runtime", "Nothing of the app runs as a function. Forge wants a runtime all the same."},
		{"permissions.scopes", "What administrators consent to: the tokens that come with each request, and what the\ntools of the agents do with them. New scopes need the consent of each site anew."},
		{"remotes.baseUrl", "Where Atlassian reaches the daemon: platforms.a2a.public_url."},
		{"remotes.storage", "The daemon keeps what users ask and what agents answer, until the app is uninstalled."},
		{"modules.rovo:agentConnector", "The agents that can be assigned, mentioned and chatted with."},
		{"modules.jira:adminPage", "Where administrators choose agents and projects, also right after the installation."},
		{"modules.jira:personalSettingsPage", "Where users connect their accounts."},
		{"modules.trigger", "Tell the daemon of installations and of new scopes."},
		{"modules.preUninstall", "Has the daemon delete all that it keeps of a site."},
		{"modules.endpoint", "The addresses of the daemon. Those of agents are made from their names."},
	}
}

// explain puts a comment before the field of a path, in the first entry of lists.
func explain(node *yaml.Node, path, text string) {
	for node.Kind == yaml.SequenceNode {
		if len(node.Content) == 0 {
			return
		}
		node = node.Content[0]
	}
	name, rest, deeper := strings.Cut(path, ".")
	for i := 0; i+1 < len(node.Content); i += 2 {
		switch key := node.Content[i]; {
		case key.Value != name:
		case deeper:
			explain(node.Content[i+1], rest, text)
		default:
			key.HeadComment = comment(text)
		}
	}
}

func comment(text string) string {
	lines := strings.Split(text, "\n")
	for i, line := range lines {
		if line != "" {
			lines[i] = "# " + line
		}
	}
	return strings.Join(lines, "\n")
}
