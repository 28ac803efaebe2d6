package cli

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"

	"github.com/spf13/cobra"
	"gopkg.in/yaml.v3"

	"github.com/aofctl/aofctl/internal/app"
	"github.com/aofctl/aofctl/internal/forge/forgeapp"
	"github.com/aofctl/aofctl/internal/manifest"
	"github.com/aofctl/aofctl/internal/tool/jira"
)

func newForgeManifest(c *console) *cobra.Command {
	var config, output string
	cmd := &cobra.Command{
		Use:   "manifest",
		Short: "Print the manifest.yml of the Forge app for the configured agents",
		Long: `manifest prints the manifest of the Forge app that makes the agents known to Jira: one
rovo:agentConnector for each agent, fleet and flow that platforms.a2a offers, the addresses
of the daemon, the pages for administrators and users, and the scopes that the tools of the
agents need. It asks nobody and needs no running daemon.

Names and descriptions are those of the manifests, cut to what Jira shows. The annotations
aof.dev/rovo-name, aof.dev/rovo-icon and aof.dev/rovo-starters (one in each line) of an agent
say it better. Warnings are printed on standard error. What Forge would refuse is an error,
and nothing is printed.

The app that belongs to it is in deploy/forge. With --output the file is replaced; the id of
an app that it has is kept if the configuration has none.`,
		Example: `  aofctl forge manifest --config daemon.yaml
  aofctl forge manifest --config daemon.yaml --output deploy/forge/manifest.yml`,
		Args: noArgs(),
		RunE: func(cmd *cobra.Command, _ []string) error { return c.forgeManifest(cmd.Context(), config, output) },
	}
	cmd.Flags().StringVarP(&config, "config", "c", "daemon.yaml", "the daemon's configuration `file`")
	cmd.Flags().StringVar(&output, "output", "", "the `file` to write (default standard output)")
	return cmd
}

func (c *console) forgeManifest(ctx context.Context, config, output string) error {
	const nothing = "no manifest written"
	d, err := c.loadDaemon(config)
	if err != nil {
		return c.refuse(err, nothing)
	}
	if d.A2A == nil {
		return fmt.Errorf("%s offers no agents: set platforms.a2a.public_url, and platforms.forge", config)
	}
	known, err := app.Known(d, c.env)
	if err != nil {
		return err
	}
	catalog, err := manifest.LoadCatalog(ctx, d.Directories(), known)
	if err != nil {
		return c.refuse(err, nothing)
	}
	in := forgeapp.FromCatalog(d, catalog, jira.Scopes)
	if in.AppID, err = chooseApp(in.AppID, output); err != nil {
		return err
	}
	made, problems := forgeapp.Build(in)
	for i := range problems {
		if problems[i].Path == "" {
			problems[i].Path = config
		}
	}
	if err := problems.Err(); err != nil {
		return c.refuse(err, nothing)
	}
	for _, p := range problems {
		_, _ = fmt.Fprintln(c.err, p)
	}
	text, err := made.YAML()
	if err != nil {
		return err
	}
	if output == "" {
		c.printf("%s", text)
		return nil
	}
	if err := os.WriteFile(output, text, 0o644); err != nil { //nolint:gosec // for everybody to read; it holds no secret
		return fmt.Errorf("write manifest: %w", err)
	}
	_, _ = fmt.Fprintf(c.err, "aofctl: wrote %s: %d agents, scopes %v\n", output, len(made.Modules.Agents), made.Permissions.Scopes)
	return nil
}

// chooseApp is the id of the app: the configuration's or, if that has none, the one
// in the file that is to be replaced. A file of another app is not replaced.
func chooseApp(configured, output string) (string, error) {
	if output == "" {
		return configured, nil
	}
	text, err := os.ReadFile(output)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return configured, nil
	case err != nil:
		return "", fmt.Errorf("read the manifest to replace: %w", err)
	}
	var old struct {
		App struct {
			ID string `yaml:"id"`
		} `yaml:"app"`
	}
	if err := yaml.Unmarshal(text, &old); err != nil {
		return "", fmt.Errorf("%s is no manifest of a Forge app, so it is not replaced: %w", output, err)
	}
	switch id := old.App.ID; {
	case id == "":
		return "", fmt.Errorf("%s is no manifest of a Forge app, so it is not replaced", output)
	case id == forgeapp.PlaceholderID, id == configured:
		return configured, nil
	case configured == "" || configured == forgeapp.PlaceholderID:
		return id, nil
	default:
		return "", fmt.Errorf("%s belongs to the app %s, and platforms.forge.app_id is %s: name another file, or make them agree", output, id, configured)
	}
}
