package doctor

import (
	"context"
	"crypto/tls"
	"fmt"
	"strings"
	"time"
)

// Certificate is what the daemon's own port shows.
type Certificate struct {
	CertFile, KeyFile string
	Now               func() time.Time
}

// Check looks whether the certificate can be used and for how long.
func (c Certificate) Check() Check {
	return Check{Subject: "server", Name: "certificate", Run: func(context.Context) []Result { return []Result{c.run()} }}
}

func (c Certificate) run() Result {
	const name = "certificate"
	pair, err := tls.LoadX509KeyPair(c.CertFile, c.KeyFile)
	if err != nil {
		return fail(name, err.Error(), "server.tls needs a certificate and its key, both in PEM")
	}
	if pair.Leaf == nil {
		return skip(name, "its dates could not be read")
	}
	detail := fmt.Sprintf("%s, until %s", strings.Join(pair.Leaf.DNSNames, ", "), pair.Leaf.NotAfter.UTC().Format(time.DateOnly))
	switch left := pair.Leaf.NotAfter.Sub(c.Now()); {
	case left < 0:
		return fail(name, detail, "renew it: Jira sends no webhooks to an expired one")
	case left < soon:
		return warn(name, detail, "renew it")
	}
	return good(name, detail)
}
