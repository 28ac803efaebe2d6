package app

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/aofctl/aofctl/internal/manifest"
	"github.com/aofctl/aofctl/internal/memory"
	"github.com/aofctl/aofctl/internal/outbound"
	"github.com/aofctl/aofctl/internal/tool"
	toolmemory "github.com/aofctl/aofctl/internal/tool/memory"
	"github.com/aofctl/aofctl/internal/tool/web"
)

// helpers are what the tools work with that belong to no platform. The zero value
// is for tools of which only the names matter.
type helpers struct {
	shelf  *memory.Shelf
	client *outbound.Client
}

func (a *App) helpers() helpers {
	a.shelf = memory.NewShelf(cmp.Or(a.opts.Files, a.opts.Daemon.Dir()), a.store.Memory(), time.Now)
	return helpers{shelf: a.shelf, client: a.outbound}
}

// forgetUsers drops what is remembered of the users of an installation that was
// removed from its site.
func (a *App) forgetUsers(ctx context.Context, installation string) error {
	a.sites.personas.forget(installation)
	var texts []string
	cat := a.live.catalog()
	for _, agent := range cat.Agents {
		texts = append(texts, agent.Memory.String())
	}
	for _, f := range cat.Fleets {
		for _, member := range f.Inline() {
			texts = append(texts, member.Memory.String())
		}
	}
	texts = slices.DeleteFunc(texts, func(text string) bool { return text == "" })
	if err := a.shelf.ForgetUsers(ctx, installation, texts); err != nil {
		return fmt.Errorf("forget the users of installation %s: %w", installation, err)
	}
	return nil
}

func (h helpers) tools(writer tool.Writer) []tool.Tool {
	if h.shelf == nil {
		h.shelf = memory.NewShelf("", nil, time.Now)
	}
	if h.client == nil {
		h.client = outbound.New(outbound.Config{})
	}
	return append(toolmemory.New(h.shelf.Open, time.Now), web.New(h.client, writer))
}

// newOutbound makes the client for hosts outside, with what they ask for.
func newOutbound(d *manifest.Daemon, secrets *secretStore, opts Options, permit func(context.Context) error) *outbound.Client {
	var targets []outbound.Target
	for _, h := range d.AllowedHosts {
		t := outbound.Target{Host: h.Host, Header: http.Header{}}
		if token := secrets.value(h.Token); token != "" {
			t.Header.Set("Authorization", "Bearer "+token)
		}
		for _, name := range slices.Sorted(maps.Keys(h.Headers)) {
			t.Header.Set(name, secrets.header(h.Headers[name]))
		}
		targets = append(targets, t)
	}
	return outbound.New(outbound.Config{Targets: targets, UserAgent: "aofctl/" + opts.Version, Permit: permit, Carrier: opts.Carrier})
}

// header resolves the value of a header. A secret in it may stand behind the name
// of its kind, as in "Bearer …".
func (s *secretStore) header(secret manifest.Secret) string {
	value := s.value(secret)
	if _, rest, found := strings.Cut(value, " "); found {
		s.values = append(s.values, rest)
	}
	return value
}
