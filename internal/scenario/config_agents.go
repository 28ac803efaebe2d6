package scenario

import (
	"context"
	"errors"
	"slices"
	"strings"

	"github.com/aofctl/aofctl/internal/manifest"
	"github.com/aofctl/aofctl/internal/sandbox"
	"github.com/aofctl/aofctl/internal/sandbox/rovo"
)

// talks reports whether anybody talks with agents by a verb.
func talks(s *manifest.Scenario, verb string) bool {
	return slices.ContainsFunc(s.When, func(step manifest.Step) bool { return step.Verb == verb })
}

// connectAgents puts the simulated Rovo in place of Atlassian, and made-up tokens in
// place of those of programs. Manifests without a configuration are offered if the
// case needs it.
func (c *settings) connectAgents(s *manifest.Scenario, box *sandbox.Sandbox, front string) {
	d := c.daemon
	inRovo, byPrograms := talks(s, manifest.VerbRovo), talks(s, manifest.VerbA2A)
	if c.made && (inRovo || byPrograms) {
		d.A2A = &manifest.A2A{Tokens: manifest.Secret{Env: "A2A_TOKENS"}}
	}
	if c.made && inRovo && box.Rovo != nil {
		d.Forge = &manifest.Forge{}
	}
	if d.A2A == nil {
		return
	}
	d.A2A.PublicURL = front
	if !d.A2A.Tokens.IsZero() {
		c.tokens = map[string]string{}
		var pairs []string
		for _, step := range s.When {
			if _, known := c.tokens[step.As]; step.Verb == manifest.VerbA2A && !known {
				c.tokens[step.As] = "scenario-token-of-" + step.As
				pairs = append(pairs, step.As+"="+c.tokens[step.As])
			}
		}
		d.A2A.Tokens = manifest.Secret{Value: or(strings.Join(pairs, ","), "nobody=scenario-token-of-nobody")}
	}
	f := d.Forge
	if f == nil {
		return
	}
	f.SigningSecret, f.EncryptionKey = manifest.Secret{Value: strings.Repeat("5e", 32)}, manifest.Secret{Value: strings.Repeat("a1", 32)}
	f.Environments, f.UserHeader, f.UserNameHeader = nil, "", ""
	if box.Rovo != nil {
		f.AppID, f.JWKSURL = "ari:cloud:ecosystem::app/"+box.Rovo.App().ID, box.Rovo.JWKSURL()
		f.Gateway = strings.TrimSuffix(f.JWKSURL, rovo.JWKSPath)
		box.Rovo.SetRemote(front)
	}
}

// offersRovo reports why nobody can reach an agent in Rovo.
func (c *settings) offersRovo(box *sandbox.Sandbox) error {
	switch {
	case box.Rovo == nil:
		return errors.New("a Data Center has no Rovo: this needs deployment cloud")
	case c.daemon.Forge == nil:
		return errors.New("the configuration offers no agents in Rovo: platforms.forge is missing")
	}
	return nil
}

// install installs the app and saves its settings, if somebody works with an agent
// in Rovo.
func (w *world) install(ctx context.Context) error {
	if talks(w.scenario, manifest.VerbRovo) && w.settings.offersRovo(w.box) == nil {
		return w.box.Rovo.Tenant("").Setup(ctx)
	}
	return nil // the step tells it
}
