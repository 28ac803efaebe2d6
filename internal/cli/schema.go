package cli

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"

	"github.com/aofctl/aofctl/internal/manifest"
)

func newSchema(c *console) *cobra.Command {
	var dir string
	cmd := &cobra.Command{
		Use:   "schema [kind]",
		Short: "Print the JSON Schema of a manifest kind, for editors",
		Long: `schema prints the JSON Schema of a kind. With --dir it writes all of them, to be named
in manifests as  # yaml-language-server: $schema=schema/trigger.json`,
		Example: `  aofctl schema Trigger > trigger.json
  aofctl schema --dir schema`,
		Args:      takes(0, 1, "at most one of "+strings.Join(manifest.Kinds(), ", ")),
		ValidArgs: manifest.Kinds(),
		RunE: func(_ *cobra.Command, args []string) error {
			switch {
			case dir != "":
				return writeSchemas(dir)
			case len(args) == 0:
				return &usageError{fmt.Errorf("name a kind (%s) or a directory with --dir", strings.Join(manifest.Kinds(), ", "))}
			}
			schema, err := manifest.Schema(args[0])
			if err != nil {
				return &usageError{err}
			}
			c.printf("%s\n", schema)
			return nil
		},
	}
	cmd.Flags().StringVar(&dir, "dir", "", "write the schemas of all kinds into this `directory`")
	return cmd
}

func writeSchemas(dir string) error {
	if err := os.MkdirAll(dir, 0o755); err != nil { //nolint:gosec // schemas are for everybody to read
		return fmt.Errorf("write schemas: %w", err)
	}
	for _, kind := range manifest.Kinds() {
		schema, err := manifest.Schema(kind)
		if err != nil {
			return err
		}
		path := filepath.Join(dir, strings.ToLower(kind)+".json")
		if err := os.WriteFile(path, append(schema, '\n'), 0o644); err != nil { //nolint:gosec // see above
			return fmt.Errorf("write schemas: %w", err)
		}
	}
	return nil
}
