package cli

import (
	"context"
	"encoding/json"
	"errors"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/aofctl/aofctl/internal/admin/client"
	"github.com/aofctl/aofctl/internal/step"
	"github.com/aofctl/aofctl/internal/store"
)

func newLogs(c *console) *cobra.Command {
	var daemon daemonFlags
	var follow, asJSON bool
	cmd := &cobra.Command{
		Use:   "logs [run]",
		Short: "Show what runs did, and with -f what they do",
		Example: `  aofctl logs -f
  aofctl logs 01KAHZ3W8G0000000000000000-1`,
		Args: takes(0, 1, "at most one run"),
		RunE: func(cmd *cobra.Command, args []string) error {
			q := url.Values{"follow": {strconv.FormatBool(follow)}}
			if len(args) == 1 {
				q.Set("run", args[0])
			}
			if len(args) == 1 || !follow {
				q.Set("after", "0")
			}
			return c.logs(cmd.Context(), daemon.client(c, cmd), q, follow && len(args) == 1, asJSON)
		},
	}
	daemon.register(cmd)
	cmd.Flags().BoolVarP(&follow, "follow", "f", false, "keep showing what happens; for one run, until it ends")
	cmd.Flags().BoolVar(&asJSON, "json", false, "one JSON object a line")
	return cmd
}

// logs prints events; with untilEnd it stops when a run is over.
func (c *console) logs(ctx context.Context, daemon *client.Client, q url.Values, untilEnd, asJSON bool) error {
	if run := q.Get("run"); run != "" {
		if _, err := daemon.Run(ctx, run); err != nil {
			return err
		}
	}
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	retried := 0
	err := daemon.Events(ctx, q, func(e store.Event) error {
		c.showEvent(e, asJSON)
		if e.Kind == store.EventRetried {
			retried++
		}
		if !untilEnd || e.Kind != store.EventFinished {
			return nil
		}
		run, err := daemon.Run(ctx, e.Run)
		if err == nil && run.State.Terminal() && run.Retries <= retried { // else it goes on behind this end
			cancel()
		}
		return err
	})
	if err == nil && ctx.Err() == nil && q.Get("follow") == "true" {
		return errors.New("the daemon ended the stream: it is stopping or restarting")
	}
	return err
}

func (c *console) showEvent(e store.Event, asJSON bool) {
	if asJSON {
		if body, err := json.Marshal(e); err == nil {
			c.printf("%s\n", body)
		}
		return
	}
	c.printf("%s  %s  %s\n", e.At.Local().Format(time.TimeOnly+".000"), e.Run, eventText(e))
}

// eventText says in one line what an event tells.
func eventText(e store.Event) string {
	switch e.Kind {
	case store.EventStep:
		var s step.Entry
		if json.Unmarshal(e.Payload, &s) != nil {
			break
		}
		text := string(s.Kind) + " " + s.Name
		note := stepNote(s)
		if who := stepWho(s); who != "" {
			note = strings.TrimSuffix(who+": "+note, ": ")
		}
		if note != "" {
			text += "  " + note
		}
		if s.Kind == step.KindTool {
			text += "  -> " + oneLine(stepText(s), 100)
		}
		return text
	case store.EventQueued, store.EventFinished:
		var p struct {
			State, Error, Target, Result string
			Issue                        string `json:"issue_key"`
			Type                         string `json:"event_type"`
		}
		if json.Unmarshal(e.Payload, &p) != nil {
			break
		}
		if e.Kind == store.EventQueued {
			return "queued " + p.Target + " for " + p.Type + " " + p.Issue
		}
		return p.State + " " + oneLine(p.Error+p.Result, 140)
	case store.EventStarted:
		return "started"
	case store.EventResumed, store.EventWaiting, store.EventCanceling, store.EventRetried, store.EventMerged:
		return turnText(e)
	}
	return string(e.Kind) + " " + string(e.Payload)
}

// turnText says how a run comes and goes between its start and its end.
func turnText(e store.Event) string {
	var p struct {
		Attempt  int
		By, For  string
		Delivery string
		Until    time.Time
		FromStep int `json:"from_step"`
	}
	if json.Unmarshal(e.Payload, &p) != nil {
		return string(e.Kind)
	}
	switch e.Kind {
	case store.EventResumed:
		return "goes on, attempt " + strconv.Itoa(p.Attempt)
	case store.EventWaiting:
		text := "waits for " + oneLine(p.For, 120)
		if !p.Until.IsZero() {
			text += ", until " + p.Until.Local().Format(time.DateTime)
		}
		return text
	case store.EventMerged:
		return "takes in delivery " + p.Delivery
	case store.EventCanceling:
		return "is being canceled by " + p.By
	default:
		return "put back into the queue by " + p.By + ", from step " + strconv.Itoa(p.FromStep)
	}
}
