package app

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strings"
	"time"

	"github.com/aofctl/aofctl/internal/a2a/signin"
	"github.com/aofctl/aofctl/internal/atlassian"
	"github.com/aofctl/aofctl/internal/doctor"
	"github.com/aofctl/aofctl/internal/forge"
	"github.com/aofctl/aofctl/internal/manifest"
)

// a2a looks at who is offered to whom, and whether Forge's keys can be had.
func (p *patient) a2a() []doctor.Check {
	d := p.opts.Daemon
	if d.A2A == nil {
		return nil
	}
	list := []doctor.Check{told("a2a", append(p.offer(), p.callers()...))}
	if d.Forge == nil {
		return list
	}
	list = append(list, told("forge", p.forgeSecrets(d.Forge)))
	if p.opts.Offline {
		return append(list, told("forge", []doctor.Result{doctor.Found("keys", doctor.Skipped, "not asked (--offline)", "")}))
	}
	keys := forgeKeys{url: d.Forge.JWKSURL, http: &http.Client{Timeout: 10 * time.Second}}
	return append(list, doctor.Check{Subject: "forge", Name: "keys", Run: keys.examine})
}

// offer looks at the agents and at the address under which callers find them.
func (p *patient) offer() []doctor.Result {
	d := p.opts.Daemon
	var list []doctor.Result
	if p.catalog != nil {
		offered := d.A2A.Offered(p.catalog)
		switch {
		case len(offered) == 0:
			list = append(list, doctor.Found("agents", doctor.Failed, "nobody is offered", "name agents in platforms.a2a.agents, or add some"))
		case d.A2A.Default(offered, d.Runtime.DefaultAgent) == "":
			list = append(list, doctor.Found("agents", doctor.Warning, fmt.Sprintf("%d are offered, and none answers at /a2a/json-rpc", len(offered)), "name one in platforms.a2a.default_agent"))
		default:
			list = append(list, doctor.Found("agents", doctor.OK, fmt.Sprintf("%d are offered", len(offered)), ""))
		}
	}
	address := d.A2A.PublicURL
	switch {
	case address == "":
		list = append(list, doctor.Found("public_url", doctor.Warning, "cards name the address that the daemon listens on", "set platforms.a2a.public_url to the address by which callers reach it"))
	case d.Forge != nil && !strings.HasPrefix(address, "https://"):
		list = append(list, doctor.Found("public_url", doctor.Failed, address+" is not https: Forge calls nothing else", "put a proxy with a certificate in front of the daemon"))
	default:
		list = append(list, doctor.Found("public_url", doctor.OK, address, ""))
	}
	return list
}

// callers looks at the tokens of plain callers.
func (p *patient) callers() []doctor.Result {
	a := p.opts.Daemon.A2A
	switch {
	case a.Public:
		return []doctor.Result{doctor.Found("callers", doctor.Warning, "everybody who reaches the port may have agents work", "")}
	case a.Tokens.IsZero():
		return []doctor.Result{doctor.Found("callers", doctor.OK, "Jira alone", "")}
	}
	secrets := &secretStore{env: p.opts.Env}
	tokens, err := signin.ParseTokens(secrets.value(a.Tokens))
	for _, t := range tokens {
		p.secrets.values = append(p.secrets.values, t.Secret)
	}
	if err == nil {
		err = secrets.err()
	}
	if err != nil {
		return []doctor.Result{doctor.Found("callers", doctor.Failed, err.Error(), "write "+secretName(a.Tokens)+" as name=token, separated by commas or line ends")}
	}
	return []doctor.Result{doctor.Found("callers", doctor.OK, fmt.Sprintf("%d tokens", len(tokens)), "")}
}

// forgeSecrets looks at the secrets that only the daemon knows.
func (p *patient) forgeSecrets(f *manifest.Forge) []doctor.Result {
	check := func(name string, secret manifest.Secret, try func(string) error) doctor.Result {
		secrets := &secretStore{env: p.opts.Env}
		value := secrets.value(secret)
		p.secrets.values = append(p.secrets.values, secrets.values...)
		err := secrets.err()
		if err == nil {
			err = try(value)
		}
		if err != nil {
			return doctor.Found(name, doctor.Failed, err.Error(), "make one with `openssl rand -hex 32` and put it into "+secretName(secret))
		}
		return doctor.Found(name, doctor.OK, secretName(secret), "")
	}
	return []doctor.Result{
		check("signing secret", f.SigningSecret, func(v string) error { _, err := forge.NewSigner(v, nil); return err }),
		check("encryption key", f.EncryptionKey, func(v string) error { _, err := atlassian.ParseKeys(v); return err }),
	}
}

// forgeKeys are where Forge's keys are.
type forgeKeys struct {
	url  string
	http *http.Client
}

const maxKeys = 256 << 10

// examine fetches the keys.
func (k forgeKeys) examine(ctx context.Context) []doctor.Result {
	const cure = "check platforms.forge.jwks_url, the network and the proxy: without keys, Jira's requests are answered with 503"
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, k.url, nil)
	if err != nil {
		return []doctor.Result{doctor.Found("keys", doctor.Failed, err.Error(), cure)}
	}
	resp, err := k.http.Do(req)
	if err != nil {
		return []doctor.Result{doctor.Found("keys", doctor.Failed, err.Error(), cure)}
	}
	defer func() { _ = resp.Body.Close() }()
	var set struct {
		Keys []json.RawMessage `json:"keys"`
	}
	err = json.NewDecoder(io.LimitReader(resp.Body, maxKeys)).Decode(&set)
	if resp.StatusCode != http.StatusOK || err != nil || len(set.Keys) == 0 {
		return []doctor.Result{doctor.Found("keys", doctor.Failed, fmt.Sprintf("%s answered %d, and not with keys", k.url, resp.StatusCode), cure)}
	}
	return []doctor.Result{doctor.Found("keys", doctor.OK, fmt.Sprintf("%d at %s", len(set.Keys), k.url), "")}
}
