package cli

import (
	"errors"
	"fmt"
	"io/fs"
	"net/http"
	"strings"

	"github.com/spf13/cobra"

	"github.com/aofctl/aofctl/internal/admin/client"
	"github.com/aofctl/aofctl/internal/manifest"
)

// daemonFlags say which running daemon a verb asks.
type daemonFlags struct {
	server   string
	tokenEnv string
}

func (f *daemonFlags) register(cmd *cobra.Command) {
	cmd.Flags().StringVar(&f.server, "server", "http://127.0.0.1:3001", "the daemon's admin `URL` (or AOF_ADMIN_URL)")
	cmd.Flags().StringVar(&f.tokenEnv, "token-env", "AOF_ADMIN_TOKEN", "environment `variable` with the admin token")
}

func (f *daemonFlags) client(c *console, cmd *cobra.Command) *client.Client {
	server := f.server
	if url := c.getenv("AOF_ADMIN_URL"); url != "" && !cmd.Flags().Changed("server") {
		server = url
	}
	if !strings.Contains(server, "://") {
		server = "http://" + server
	}
	return client.New(server, c.getenv(f.tokenEnv), http.DefaultClient)
}

// loadDaemon reads the configuration that a verb needs.
func (c *console) loadDaemon(path string) (*manifest.Daemon, error) {
	d, err := manifest.LoadDaemon(path, c.env)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("there is no %s: name the configuration with --config", path)
	}
	return d, err
}
