package app

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/rs/zerolog"

	"github.com/aofctl/aofctl/internal/logtest"
	"github.com/aofctl/aofctl/internal/manifest"
	"github.com/aofctl/aofctl/internal/reconcile"
	"github.com/aofctl/aofctl/internal/store/inbox"
	"github.com/aofctl/aofctl/internal/telemetry"
	"github.com/aofctl/aofctl/internal/webhook"
)

// kept are marks in memory that several replicas share.
type kept map[string]time.Time

func (k kept) Mark(_ context.Context, name string, at time.Time) error {
	if at.After(k[name]) {
		k[name] = at
	}
	return nil
}

func (k kept) Marks(_ context.Context, prefix string) (map[string]time.Time, error) {
	out := map[string]time.Time{}
	for name, at := range k {
		out[strings.TrimPrefix(name, prefix)] = at
	}
	return out, nil
}

// taking is an inbox that takes everything, or nothing.
type taking struct{ err error }

func (in taking) Append(context.Context, inbox.Delivery) (inbox.Receipt, error) {
	return inbox.Receipt{}, in.err
}

func hear(k kept, expect time.Duration) *hearing {
	one := &site{config: manifest.JiraSite{Name: "main", BaseURL: "https://a.example.com", ExpectEventEvery: expect},
		secrets: []webhook.NamedSecret{{Name: "NEW"}, {Name: "OLD"}}}
	return &hearing{marks: k, sites: &sites{list: []*site{one}, byName: map[string]*site{"main": one, "": one}},
		seen: observer{telemetry.NewMetrics("test")}, began: time.Now(), leads: func() bool { return true },
		last: map[voice]time.Time{}, fresh: map[voice]bool{}, silent: map[string]bool{}}
}

func signedBy(secret, site string) inbox.Delivery {
	d := inbox.Delivery{}
	d.Source, d.Site, d.SignedBy = "jira", site, []string{secret}
	return d
}

func TestWebhooksAreHeardByTheSecretThatSignedThemOnAllReplicas(t *testing.T) {
	shared := kept{}
	a, b := hear(shared, 0), hear(shared, 0)
	for _, l := range []struct {
		listener
		delivery inbox.Delivery
	}{
		{listener{taking{}, a}, signedBy("OLD", "")}, {listener{taking{}, b}, signedBy("NEW", "main")},
		{listener{taking{errors.New("full")}, b}, signedBy("NEVER", "main")},
	} {
		_, _ = l.Append(t.Context(), l.delivery)
	}
	now := time.Now()
	for range 2 {
		a.round(t.Context(), now)
		b.round(t.Context(), now)
	}
	for name, h := range map[string]*hearing{"a": a, "b": b, "after a restart": hear(shared, 0)} {
		h.round(t.Context(), now)
		health := h.all()[0]
		var names []string
		for secret, at := range health.SignedBy {
			names = append(names, secret)
			if at.After(health.Last) || now.Sub(at) > time.Minute {
				t.Errorf("%s: %+v", name, health)
			}
		}
		if len(names) != 2 || health.Site != "main" || health.SignedBy["NEVER"] != (time.Time{}) || latestSecret(health) == "" {
			t.Errorf("%s: %+v", name, health)
		}
	}
}

func TestSilenceIsToldOnceAndWhenItEnds(t *testing.T) {
	h := hear(kept{}, time.Hour)
	var log logtest.Buffer
	ctx := zerolog.New(&log).WithContext(t.Context())
	start := h.began
	h.note(signedBy("NEW", ""), start)
	for _, minutes := range []int{1, 59, 61, 62, 120} {
		h.round(ctx, start.Add(time.Duration(minutes)*time.Minute))
	}
	if n := strings.Count(log.String(), "no webhook came for longer than expected"); n != 1 {
		t.Errorf("told %d times:\n%s", n, &log)
	}
	late := start.Add(2 * time.Hour)
	if c := h.checks(late)[0]; c.OK || !c.Optional || !strings.Contains(c.Detail, "one was expected every 1h0m0s") || !strings.Contains(c.Detail, "NEW") {
		t.Errorf("%+v", c)
	}
	h.note(signedBy("OLD", ""), late)
	h.round(ctx, late.Add(time.Minute))
	if !strings.Contains(log.String(), "webhooks come again") || h.of(h.sites.list[0], late).Silent {
		t.Errorf("%s", &log)
	}
}

func TestSilenceBeforeTheStartIsNoAlarmAtOnce(t *testing.T) {
	h := hear(kept{heardPrefix + "jira/main/NEW": time.Now().Add(-48 * time.Hour)}, time.Hour)
	h.round(t.Context(), h.began.Add(time.Minute))
	if h.silent["main"] {
		t.Error("the daemon was down, and silence is told a minute after its start")
	}
	h.round(t.Context(), h.began.Add(settling))
	if !h.silent["main"] {
		t.Error("nothing came since")
	}
}

func TestWhatIsFoundCountsAsSignedWithTheSitesOwnSecrets(t *testing.T) {
	s := hear(kept{}, 0).sites
	for name, c := range map[string]struct{ signed, want []string }{
		"a webhook":       {[]string{"OLD"}, []string{"OLD"}},
		"what was found":  {[]string{reconcile.SignedBy}, []string{reconcile.SignedBy, "NEW", "OLD"}},
		"nothing, by all": {nil, nil},
	} {
		d := signedBy("", "main")
		d.SignedBy = c.signed
		if diff := cmp.Diff(c.want, s.signed(d.Summary)); diff != "" {
			t.Errorf("%s:\n%s", name, diff)
		}
	}
	d := signedBy(reconcile.SignedBy, "nowhere")
	if diff := cmp.Diff([]string{reconcile.SignedBy}, s.signed(d.Summary)); diff != "" {
		t.Error(diff)
	}
}

func TestReadinessTellsHowTheLookingGoes(t *testing.T) {
	one := &site{config: manifest.JiraSite{BaseURL: "https://a.example.com", Reconcile: manifest.Reconcile{Interval: time.Minute, Lookback: time.Hour}}}
	r := reconciler{Reconciler: reconcile.New(reconcile.Config{Interval: time.Minute}), site: one}
	if c := r.check(time.Now()); !c.OK || !c.Optional || c.Name != "reconcile a.example.com" || !strings.Contains(c.Detail, "another replica") {
		t.Errorf("%+v", c)
	}
}
