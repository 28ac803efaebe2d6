package scenario

import (
	"fmt"
	"os"

	"gopkg.in/yaml.v3"

	"github.com/aofctl/aofctl/internal/sandbox"
)

// addressVariables are variables by what they are the address of; "" for none.
type addressVariables struct{ jira, confluence string }

// addressesOf finds the variables that are all of an address in a configuration. Texts
// of manifests that have them, such as links, then lead to the sandbox.
func addressesOf(path string) (addressVariables, error) {
	text, err := os.ReadFile(path)
	if err != nil {
		return addressVariables{}, fmt.Errorf("read configuration: %w", err)
	}
	var doc struct {
		Spec struct {
			Platforms struct {
				Jira, Confluence yaml.Node
			} `yaml:"platforms"`
		} `yaml:"spec"`
	}
	if yaml.Unmarshal(text, &doc) != nil {
		return addressVariables{}, nil //nolint:nilerr // what is wrong is told where the file is loaded
	}
	return addressVariables{jira: addressIn(doc.Spec.Platforms.Jira), confluence: addressIn(doc.Spec.Platforms.Confluence)}, nil
}

// addressIn is the variable that is all of the address of a platform.
func addressIn(n yaml.Node) string {
	var platform struct {
		BaseURL string `yaml:"base_url"`
	}
	if n.Kind != yaml.MappingNode || n.Decode(&platform) != nil {
		return ""
	}
	if m := variable.FindStringSubmatch(platform.BaseURL); m != nil && m[0] == platform.BaseURL && m[0][1] == '{' {
		return m[1]
	}
	return ""
}

// address gives those variables the addresses of the sandbox, unless the case gives
// them others.
func (c *settings) address(box *sandbox.Sandbox) {
	c.places = map[string]string{}
	for name, url := range map[string]string{c.addresses.jira: box.JiraURL(), c.addresses.confluence: box.ConfluenceURL()} {
		if name != "" {
			c.places[name] = url
		}
	}
}
