package app

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"time"

	"github.com/rs/zerolog"

	"github.com/aofctl/aofctl/internal/admin"
	"github.com/aofctl/aofctl/internal/atlassian"
	"github.com/aofctl/aofctl/internal/atlassian/confluence"
	"github.com/aofctl/aofctl/internal/enrich"
	"github.com/aofctl/aofctl/internal/event"
	eventconfluence "github.com/aofctl/aofctl/internal/event/confluence"
	"github.com/aofctl/aofctl/internal/markup"
	"github.com/aofctl/aofctl/internal/route"
	"github.com/aofctl/aofctl/internal/run"
	"github.com/aofctl/aofctl/internal/store/inbox"
	"github.com/aofctl/aofctl/internal/tool"
	"github.com/aofctl/aofctl/internal/webhook"
)

// intake is what the events of Confluence are taken and understood with.
type intake struct {
	secrets []webhook.NamedSecret
	// tokens stand in for signatures; nil if none may.
	tokens []webhook.NamedSecret
	pages  *enrich.Pages

	// asking is held while Confluence is asked who we are.
	asking sync.Mutex

	mu   sync.Mutex
	self *confluence.User
	// trouble is why Confluence has not told yet who we are; nil if it was not asked.
	trouble error
}

// take prepares a Confluence for its webhooks.
func (w *wiki) take(secrets *secretStore) {
	for _, secret := range w.config.WebhookSecrets {
		w.secrets = append(w.secrets, webhook.NamedSecret{Name: secretName(secret), Value: secrets.value(secret)})
	}
	if token := w.config.WebhookToken; !token.IsZero() {
		w.tokens = []webhook.NamedSecret{{Name: secretName(token), Value: secrets.value(token)}}
	}
	find := func(ctx context.Context) (enrich.Wiki, error) { return w.client.API(ctx) }
	w.pages = enrich.NewPages(find, storageToMarkdown, time.Now)
}

func storageToMarkdown(body string) string {
	text, _ := markup.StorageToMarkdown(body)
	return text
}

// source takes the webhooks of a Data Center, and the bodies of Cloud's Automation.
func (w *wiki) source(fromTriggers func() []webhook.NamedSecret) webhook.Source {
	src := webhook.Source{Name: event.SourceConfluence, Secrets: func() []webhook.NamedSecret { return append(fromTriggers(), w.secrets...) }}
	if len(w.tokens) > 0 {
		src.Tokens = func() []webhook.NamedSecret { return w.tokens }
	}
	return src
}

// named finds the source of a path that names an event of Confluence's. Such bodies
// carry no identifier, and two edits may look the same in them.
func (w *wiki) named(path string, fromTriggers func() []webhook.NamedSecret) (webhook.Source, bool) {
	name, found := strings.CutPrefix(path, "/webhook/"+event.SourceConfluence+"/")
	if w == nil || !found || eventconfluence.EventName(name) == "" {
		return webhook.Source{}, false
	}
	src := w.source(fromTriggers)
	src.Event, src.Repeats = eventconfluence.EventName(name), true
	return src, true
}

// normalize implements run.Normalizer.
func (w *wiki) normalize(d inbox.Delivery) (*event.Event, error) {
	return eventconfluence.Normalize(eventconfluence.Payload{Event: d.Headers[webhook.EventHeader], Body: d.Body})
}

// host is what messages show of it.
func (w *wiki) host() string { return wikiHost(w.config.Site) }

// input is what routing has to know. It fails until Confluence has told who we are: a
// daemon that does not know would answer itself.
func (w *wiki) input(ctx context.Context, expr route.Expressions) (route.Input, error) {
	in := route.Input{Expressions: expr}
	if w == nil {
		return in, nil
	}
	me, err := w.whoAmI(ctx)
	if err != nil {
		return in, err
	}
	in.BotName = w.config.BotName
	in.Self = route.Identity{AccountIDs: some(me.AccountID), Names: some(me.Name), Keys: some(me.Key), DisplayNames: some(me.DisplayName)}
	return in, nil
}

// whoAmI asks Confluence once and remembers the answer for good.
func (w *wiki) whoAmI(ctx context.Context) (confluence.User, error) {
	w.asking.Lock()
	defer w.asking.Unlock()
	w.mu.Lock()
	known := w.self
	w.mu.Unlock()
	if known != nil {
		return *known, nil
	}
	var me confluence.User
	api, err := w.client.API(ctx)
	if err == nil {
		me, err = api.Me(ctx)
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	if err != nil {
		if ctx.Err() == nil {
			w.trouble = err
		}
		return me, fmt.Errorf("ask Confluence who we are: %w", err)
	}
	w.self, w.trouble = &me, nil
	return me, nil
}

// acquaint asks Confluence who we are until it has told. Where no webhooks are taken
// nobody needs to know.
func (w *wiki) acquaint(ctx context.Context) {
	if w == nil || w.config.Deaf() {
		return
	}
	log := zerolog.Ctx(ctx).With().Str("confluence", w.host()).Logger()
	told := ""
	for pause := firstPause; ; pause = min(2*pause, longestPause) {
		me, err := w.whoAmI(ctx)
		if err == nil {
			log.Info().Str("account", me.DisplayName).Msg("Confluence knows us")
			return
		}
		if ctx.Err() != nil {
			return
		}
		if advice := w.advice(err); advice != told {
			told = advice
			log.Warn().Err(err).Msg("events of Confluence wait: " + advice)
		}
		select {
		case <-ctx.Done():
			return
		case <-time.After(pause):
		}
	}
}

// advice says what to do about a Confluence that does not tell who we are.
func (w *wiki) advice(err error) string {
	var refused *atlassian.Error
	switch {
	case !errors.As(err, &refused):
		return "Confluence cannot be asked"
	case refused.Unauthorized():
		return "Confluence does not accept our credentials; check " + (&site{config: w.config.Site}).credentials()
	case refused.Status == 0:
		return "Confluence does not answer; check base_url, proxy and network"
	default:
		return "Confluence refuses to tell who we are"
	}
}

// check fails until Confluence has told who we are. Webhooks are taken all the same,
// and wait.
func (w *wiki) check() admin.Check {
	c := admin.Check{Name: "confluence " + w.host(), Optional: true}
	w.mu.Lock()
	defer w.mu.Unlock()
	switch {
	case w.self != nil:
		c.OK, c.Detail = true, "as "+w.self.DisplayName
	case w.config.Deaf():
		c.OK, c.Detail = true, "without webhooks: tools only"
	case w.trouble != nil:
		c.Detail = fmt.Sprintf("events wait: %s (%s)", w.advice(w.trouble), w.trouble)
	default:
		c.Detail = "events wait: Confluence has not told yet who we are"
	}
	return c
}

// Unplaced implements run.Placer.
func (s *sites) Unplaced(ev *event.Event) bool {
	return ev.Source == event.SourceConfluence && s.wiki != nil && enrich.Unplaced(ev)
}

// Place implements run.Placer.
func (s *sites) Place(ctx context.Context, ev *event.Event) error {
	return settled(ctx, s.wiki.pages.Place(ctx, ev), "could not ask Confluence what an event is about")
}

var _ run.Placer = (*sites)(nil)

// ofPage says what of Confluence the run of its event is about.
func ofPage(ev *event.Event, o *tool.Origin) {
	if ev.Source != event.SourceConfluence {
		return
	}
	o.Space = ev.String("space_key")
	if ev.String("page_type") != "blogpost" { // tools know pages
		o.Page = ev.String("page_id")
		o.PageComment = cmp.Or(ev.String("comment_parent_id"), ev.CommentID)
	}
}
