package cli

import (
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/aofctl/aofctl/internal/a2a"
	"github.com/aofctl/aofctl/internal/a2a/client"
)

// Exit codes of a2a chat beside those of all verbs: how the task ended, or what it
// waits for.
const (
	exitRejected      = 3
	exitCanceled      = 4
	exitInputRequired = 5
	exitAuthRequired  = 6
)

// chatFlags say with whom to chat, as whom, and how.
type chatFlags struct {
	url, agent, tokenEnv, context string
	issue, as, tenant, sandbox    string
	dialect, format               choice
	noStream, install             bool
	poll                          time.Duration
	retry                         time.Duration
}

func dialectNames() []string {
	var names []string
	for _, d := range client.Dialects() {
		names = append(names, string(d))
	}
	return names
}

func newA2AChat(c *console) *cobra.Command {
	f := chatFlags{
		dialect: choice{allowed: dialectNames()},
		format:  choice{value: "text", allowed: []string{"text", "json"}},
		retry:   time.Minute,
	}
	cmd := &cobra.Command{
		Use:   "chat [message]",
		Short: "Chat with an agent of a daemon",
		Long: `chat sends a message to an agent and shows what it does until it has answered. Statuses
go to standard error and answers to standard output. When the agent asks something, the
next line of standard input is the reply. Without a message, a terminal gets a prompt, and
otherwise all of standard input is the message.

As a plain caller it sends a token. With --issue it is Jira: a running aofctl sandbox does in
its Jira what a person does there, and mints the tokens with which Jira calls. Without a
message the issue is assigned to the agent; with one, a comment mentions it.

Ctrl-C cancels the task; once more, it leaves at once. The exit code is 0 for a task that was
completed, 1 for one that failed and for errors, 3 for rejected, 4 for canceled, 5 for a
question that nobody answered, and 6 for a task that waits for a sign-in or a setting.`,
		Example: `  aofctl a2a chat --token-env MY_TOKEN "Which bugs of PROJ are open?"
  aofctl a2a chat --agent release-notes --output json "Notes for 1.4" | tail -1
  aofctl a2a chat --install --issue PROJ-1                # Jira assigns it, by the sandbox
  aofctl a2a chat --issue PROJ-1 --as bob --dialect jira-eap "can you look at this?"`,
		Args: cobra.ArbitraryArgs,
		RunE: func(cmd *cobra.Command, args []string) error {
			return c.chat(cmd, f, strings.Join(args, " "))
		},
	}
	flags := cmd.Flags()
	flags.StringVar(&f.url, "url", "http://127.0.0.1:3000", "the daemon's `URL`")
	flags.StringVar(&f.agent, "agent", "", "`name` of the agent; default the daemon's default agent")
	flags.StringVar(&f.tokenEnv, "token-env", "AOF_A2A_TOKEN", "environment `variable` with a plain caller's token; unset, none is sent")
	flags.StringVar(&f.context, "context", "", "`id` of a conversation to go on with")
	flags.Var(&f.dialect, "dialect", "`dialect` to speak: a2a-1.0, a2a-0.3, jira-1.0 or jira-eap; default a2a-1.0, or jira-1.0 with --issue")
	flags.StringVar(&f.issue, "issue", "", "`key` of the issue in the sandbox's Jira that it is about")
	flags.StringVar(&f.as, "as", "alice", "`who` in the sandbox's Jira does it")
	flags.StringVar(&f.tenant, "tenant", "", "`name` of the sandbox's site; default its first one")
	flags.StringVar(&f.sandbox, "sandbox", "http://127.0.0.1:8090", "the sandbox's `URL`")
	flags.BoolVar(&f.install, "install", false, "install the app on the sandbox's site first, and save its settings as an administrator does")
	flags.BoolVar(&f.noStream, "no-stream", false, "ask again and again in place of streaming")
	flags.DurationVar(&f.poll, "poll", 2*time.Second, "`time` between two looks with --no-stream")
	flags.VarP(&f.format, "output", "o", "output `format`: text, or json for one document per line")
	return cmd
}

// check completes the flags and refuses what does not fit together.
func (f *chatFlags) check(cmd *cobra.Command) error {
	for name, value := range map[string]string{"url": f.url, "sandbox": f.sandbox} {
		if u, err := url.Parse(value); err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Host == "" {
			return &usageError{fmt.Errorf("--%s %q is no address such as http://127.0.0.1:3000", name, value)}
		}
	}
	if f.poll <= 0 {
		return &usageError{errors.New("--poll must be longer than nothing")}
	}
	if f.dialect.value == "" {
		f.dialect.value = string(client.Plain10)
		if f.issue != "" {
			f.dialect.value = string(client.Jira10)
		}
	}
	jira := client.Dialect(f.dialect.value).Jira()
	switch {
	case jira && f.issue == "":
		return &usageError{fmt.Errorf("--dialect %s is Jira's, where every conversation is about an issue: name it with --issue", f.dialect.value)}
	case !jira && f.issue != "":
		return &usageError{fmt.Errorf("--issue is for Jira's dialects; with %s, name the issue in the message", f.dialect.value)}
	}
	for _, name := range []string{"as", "tenant", "sandbox", "install"} {
		if !jira && cmd.Flags().Changed(name) {
			return &usageError{fmt.Errorf("--%s is for Jira's dialects: it needs --issue", name)}
		}
	}
	if jira && cmd.Flags().Changed("token-env") {
		return &usageError{errors.New("--token-env is for plain callers: as Jira, the sandbox mints the tokens")}
	}
	return nil
}

// caller is a client for the flags.
func (f *chatFlags) caller(c *console) *client.Client {
	at := strings.TrimSuffix(f.url, "/") + "/a2a/json-rpc"
	if f.agent != "" {
		at = strings.TrimSuffix(f.url, "/") + "/a2a/" + url.PathEscape(f.agent) + "/json-rpc"
	}
	out := &client.Client{URL: at, Dialect: client.Dialect(f.dialect.value), HTTP: &http.Client{}}
	token := c.getenv(f.tokenEnv)
	switch {
	case out.Dialect.Jira():
		out.Sign = f.box().sign
	case token != "":
		out.Sign = func(r *http.Request) error {
			r.Header.Set("Authorization", "Bearer "+token)
			return nil
		}
	}
	return out
}

// exitOf is the exit code for how a task stands when the chat ends.
func exitOf(s a2a.State) int {
	switch s {
	case a2a.Completed:
		return exitOK
	case a2a.Rejected:
		return exitRejected
	case a2a.Canceled:
		return exitCanceled
	case a2a.InputRequired:
		return exitInputRequired
	case a2a.AuthRequired:
		return exitAuthRequired
	}
	return exitFailure
}
