package app

import (
	"context"
	"errors"
	"strings"
	"sync"
	"time"

	"github.com/rs/zerolog"

	"github.com/aofctl/aofctl/internal/atlassian"
	"github.com/aofctl/aofctl/internal/manifest"
)

// Pauses between two tries to reach a Jira that has not told yet who we are.
const (
	firstPause   = time.Second
	longestPause = 30 * time.Second
)

// acquaint asks each Jira who we are until all have told: a wrong token is to
// be seen at the start and not with the first event.
func (s *sites) acquaint(ctx context.Context) {
	var all sync.WaitGroup
	all.Go(func() { s.hub.acquaint(ctx) })
	all.Go(func() { s.wiki.acquaint(ctx) })
	for _, one := range s.list {
		all.Go(func() { one.acquaint(ctx) })
	}
	all.Wait()
}

func (o *site) acquaint(ctx context.Context) {
	log := zerolog.Ctx(ctx).With().Str("jira", o.host()).Logger()
	told := ""
	for pause := firstPause; ; pause = min(2*pause, longestPause) {
		me, err := o.whoAmI(ctx)
		if err == nil {
			log.Info().Str("account", me.DisplayName).Msg("Jira knows us")
			return
		}
		if ctx.Err() != nil {
			return
		}
		if advice := o.advice(err); advice != told {
			told = advice
			log.Warn().Err(err).Msg("events wait: " + advice)
		}
		select {
		case <-ctx.Done():
			return
		case <-time.After(pause):
		}
	}
}

// advice says what to do about a Jira that does not tell who we are.
func (o *site) advice(err error) string {
	var refused *atlassian.Error
	var paused *atlassian.PausedError
	switch {
	case !errors.As(err, &refused):
		return "Jira cannot be asked"
	case errors.As(err, &paused):
		return "Jira is left alone for a while"
	case refused.Unauthorized():
		return "Jira does not accept our credentials; check " + o.credentials()
	case refused.Status == 0:
		return "Jira does not answer; check base_url, proxy and network"
	default:
		return "Jira refuses to tell who we are"
	}
}

// credentials names where the credentials come from.
func (o *site) credentials() string {
	var list []string
	for _, s := range []manifest.Secret{o.config.Email, o.config.ClientID, o.config.ClientSecret, o.config.RefreshToken, o.config.Token} {
		if !s.IsZero() {
			list = append(list, s.String())
		}
	}
	return strings.Join(list, " and ")
}
