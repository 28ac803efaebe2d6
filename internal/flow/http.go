package flow

import (
	"context"
	"strconv"
	"strings"

	"github.com/aofctl/aofctl/internal/manifest"
	"github.com/aofctl/aofctl/internal/prompt"
	"github.com/aofctl/aofctl/internal/step"
)

// httpTool is the tool that sends the requests of HTTP nodes, to the hosts that
// the operator allows and under the policy.
const httpTool = "http_request"

// http sends a request. An answer of 400 or more fails the node.
func (c *course) http(ctx context.Context, cfg *manifest.HTTPNode, journal step.Journal, s *scope) (outcome, error) {
	url, err := s.text(cfg.URL, c.plan.ids)
	if err != nil {
		return outcome{}, err
	}
	args := map[string]string{"method": cfg.Method, "url": url}
	for name, value := range cfg.Headers {
		text, err := s.text(value, c.plan.ids)
		if err != nil {
			return outcome{}, err
		}
		args[strings.ReplaceAll(strings.ToLower(name), "-", "_")] = text
	}
	if cfg.Body != nil {
		v, err := s.tree(cfg.Body, c.plan.ids)
		if err != nil {
			return outcome{}, err
		}
		args["body"] = prompt.Display(v)
	}
	req := c.request(httpTool, encode(args))
	req.Allowed = []string{httpTool}
	out, err := c.call(ctx, journal, req)
	out.output = answer(out.text)
	return out, err
}

// answer takes apart what the tool tells of an answer: a line that begins with the
// status, and the body.
func answer(text string) any {
	head, body, _ := strings.Cut(text, "\n")
	code, _, _ := strings.Cut(head, " ")
	status, err := strconv.ParseInt(code, 10, 64)
	if err != nil {
		return text
	}
	var content any = body
	if v, ok := parsed(body); ok {
		content = v
	}
	return map[string]any{"status": status, "body": content, "head": head}
}
