// Command aofctl is the webhook daemon for Jira agents, and the tool to operate it.
package main

import (
	"os"

	"github.com/aofctl/aofctl/internal/cli"
)

func main() {
	os.Exit(cli.Main(os.Args[1:], os.Stdin, os.Stdout, os.Stderr))
}
