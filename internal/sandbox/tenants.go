package sandbox

import (
	"crypto/sha256"
	"fmt"
	"regexp"

	"github.com/aofctl/aofctl/internal/sandbox/jira"
	"github.com/aofctl/aofctl/internal/sandbox/rovo"
)

// tenantsPath is below which further sites are.
const tenantsPath = "/tenants/"

// firstTenant is what the platform calls the sandbox's own site.
const firstTenant = "sandbox"

// tenantName is what a further site may be called: it is part of an address.
var tenantName = regexp.MustCompile(`^[a-z0-9][a-z0-9-]{0,30}$`)

// newPlatform makes Atlassian's side of remote agents, with the sandbox's site and
// further ones; nil if the site is a Data Center.
func newPlatform(opts Options, root string, site *jira.Server) (*rovo.Server, error) {
	if site.Deployment() != jira.Cloud {
		if len(opts.Tenants) > 0 {
			return nil, fmt.Errorf("add tenant %s: a Data Center has no tenants", opts.Tenants[0])
		}
		return nil, nil
	}
	opts.Rovo.BaseURL = root
	platform := rovo.New(opts.Rovo)
	platform.AddTenant(firstTenant, site)
	for _, name := range opts.Tenants {
		switch {
		case !tenantName.MatchString(name):
			return nil, fmt.Errorf("add tenant %q: a name has small letters, digits and hyphens", name)
		case platform.Tenant(name) != nil:
			return nil, fmt.Errorf("add tenant %q: there is one already", name)
		}
		other, err := jira.New(jira.Options{
			BaseURL: root, ContextPath: tenantsPath + name, CloudID: cloudID(name), Now: opts.Jira.Now,
			Seed: jira.Seed{Issues: opts.Jira.Seed.Issues},
		})
		if err != nil {
			return nil, fmt.Errorf("add tenant %q: %w", name, err)
		}
		platform.AddTenant(name, other)
	}
	return platform, nil
}

// cloudID makes the id of a site from its name, the same each time.
func cloudID(name string) string {
	b := sha256.Sum256([]byte("tenant " + name))
	b[6], b[8] = b[6]&0x0f|0x40, b[8]&0x3f|0x80
	return fmt.Sprintf("%x-%x-%x-%x-%x", b[:4], b[4:6], b[6:8], b[8:10], b[10:16])
}

// closeTenants stops what further sites do.
func (s *Sandbox) closeTenants() {
	if s.Rovo == nil {
		return
	}
	s.Rovo.Close()
	for _, t := range s.Rovo.Tenants()[1:] {
		t.Jira().Close()
	}
}
