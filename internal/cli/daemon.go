package cli

import (
	"net/http"
	"os"

	"github.com/spf13/cobra"

	"github.com/aofctl/aofctl/internal/admin/client"
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
	return client.New(server, c.getenv(f.tokenEnv), http.DefaultClient)
}

// stdoutIsTerminal reports whether people read the output.
func (c *console) stdoutIsTerminal() bool {
	f, ok := c.out.(*os.File)
	if !ok {
		return false
	}
	info, err := f.Stat()
	return err == nil && info.Mode()&os.ModeCharDevice != 0
}
