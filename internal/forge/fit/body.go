package fit

import (
	"encoding/json"
	"net"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/golang-jwt/jwt/v5"
)

// body is the claims set as Forge writes it.
type body struct {
	jwt.RegisteredClaims

	App struct {
		ID             string `json:"id"`
		AppVersion     string `json:"appVersion"`
		InstallationID string `json:"installationId"`
		APIBaseURL     string `json:"apiBaseUrl"`
		Environment    struct {
			ID   string `json:"id"`
			Type string `json:"type"`
		} `json:"environment"`
		Module struct {
			Type string `json:"type"`
			Key  string `json:"key"`
		} `json:"module"`
		License *struct {
			IsActive bool   `json:"isActive"`
			Type     string `json:"type"`
		} `json:"license"`
		Installation *struct {
			ID string `json:"id"`
		} `json:"installation"`
		ICLabel json.RawMessage `json:"icLabel"`
	} `json:"app"`
	Context struct {
		CloudID   string          `json:"cloudId"`
		ModuleKey string          `json:"moduleKey"`
		SiteURL   string          `json:"siteUrl"`
		ICLabel   json.RawMessage `json:"icLabel"`
	} `json:"context"`
	Principal string          `json:"principal"`
	ICLabel   json.RawMessage `json:"icLabel"`
}

// check compares the claims with what is expected, and puts them together. None of
// it needs a key.
func (v *Verifier) check(b *body, modules []string) (Claims, error) {
	c := Claims{
		ID: b.ID, AppVersion: b.App.AppVersion, Agent: b.Context.ModuleKey, SiteURL: siteURL(b.Context.SiteURL),
		Module: Module{Type: b.App.Module.Type, Key: b.App.Module.Key},
	}
	if l := b.App.License; l != nil {
		c.License = &License{Active: l.IsActive, Type: l.Type}
	}
	for _, step := range []func(*body, *Claims) error{
		v.checkIsolated, v.checkApp, v.checkTimes, v.checkInstallation, v.checkSite, v.checkEnvironment, checkAccount,
	} {
		if err := step(b, &c); err != nil {
			return Claims{}, err
		}
	}
	if len(modules) > 0 && !slices.Contains(modules, c.Module.Key) {
		return Claims{}, bad(Route, "is for another module of the app")
	}
	return c, nil
}

// checkIsolated refuses tokens of Atlassian's isolated clouds, whose keys and hosts
// are others, unless they are what is configured.
func (v *Verifier) checkIsolated(b *body, _ *Claims) error {
	for _, raw := range []json.RawMessage{b.ICLabel, b.App.ICLabel, b.Context.ICLabel} {
		var label string
		if len(raw) == 0 {
			continue
		}
		if json.Unmarshal(raw, &label) != nil || label != "" && !slices.Contains(v.isolated, label) {
			return bad(Isolated, "is of an isolated cloud that is not configured")
		}
	}
	return nil
}

func (v *Verifier) checkApp(b *body, c *Claims) error {
	if b.Issuer != issuer {
		return bad(Issuer, "was not issued by Forge")
	}
	ours := func(id string) bool {
		app, ok := UUID(App, id)
		return ok && app == v.app
	}
	if !slices.ContainsFunc(b.Audience, ours) || !ours(b.App.ID) {
		return bad(Audience, "is for another app")
	}
	c.AppID = v.app
	return nil
}

// farthest is a second since 1970 that no token has; what is beyond it does not
// survive arithmetic.
const farthest = 1 << 40

func (v *Verifier) checkTimes(b *body, c *Claims) error {
	for _, date := range []*jwt.NumericDate{b.ExpiresAt, b.NotBefore, b.IssuedAt} {
		if date == nil {
			return bad(Malformed, "does not say from when to when it is good")
		}
		if s := date.Unix(); s < 0 || s > farthest {
			return bad(Malformed, "has a time that does not exist")
		}
	}
	c.IssuedAt, c.Expires = b.IssuedAt.Time, b.ExpiresAt.Time
	switch now := v.now(); {
	case !now.Before(c.Expires.Add(leeway)):
		return bad(Expired, "has expired")
	case b.NotBefore.After(now.Add(leeway)), c.IssuedAt.After(now.Add(leeway)):
		return bad(NotYetValid, "is not valid yet; the clocks may differ")
	}
	return nil
}

func (v *Verifier) checkInstallation(b *body, c *Claims) error {
	ids := []string{b.App.InstallationID}
	if b.App.Installation != nil {
		ids = append(ids, b.App.Installation.ID)
	}
	for _, id := range ids {
		if id == "" {
			continue
		}
		uuid, ok := UUID(Installation, id)
		if !ok || c.Installation != "" && c.Installation != uuid {
			return bad(Tenant, "names its installation in two ways")
		}
		c.Installation = uuid
	}
	if c.Installation == "" {
		return bad(Tenant, "names no installation")
	}
	return nil
}

// checkSite makes sure that what we send goes to Atlassian and to the token's own
// site.
func (v *Verifier) checkSite(b *body, c *Claims) error {
	base, err := safeURL(b.App.APIBaseURL)
	if err != nil || base.RawQuery != "" || base.Fragment != "" || base.RawPath != "" {
		return bad(Tenant, "has an API address that is none")
	}
	address := strings.ToLower(base.Scheme+"://"+base.Host) + strings.TrimSuffix(base.Path, "/")
	for _, gateway := range v.gateways {
		cloudID, found := strings.CutPrefix(address, gateway+"/ex/jira/")
		if !found || !isCloudID(cloudID) {
			continue
		}
		if other := b.Context.CloudID; other != "" && !strings.EqualFold(other, cloudID) {
			return bad(Tenant, "names two sites")
		}
		c.CloudID = strings.ToLower(cloudID)
		c.APIBase = gateway + "/ex/jira/" + c.CloudID
		return nil
	}
	return bad(Tenant, "has an API address that is not of a Jira site at Atlassian")
}

// isCloudID lets pass UUIDs, and what else cannot leave its place in a path.
func isCloudID(s string) bool {
	return s != "" && len(s) <= 64 && !strings.ContainsFunc(s, func(c rune) bool {
		return c != '-' && (c < '0' || c > '9') && (c < 'a' || c > 'z') && (c < 'A' || c > 'Z')
	})
}

func (v *Verifier) checkEnvironment(b *body, c *Claims) error {
	app, id, ok := splitARI(Environment, b.App.Environment.ID)
	if !ok || app != "" && app != v.app {
		return bad(Deployment, "names no environment of the app")
	}
	c.Environment = EnvironmentClaim{ID: id, Type: strings.ToUpper(b.App.Environment.Type)}
	if len(v.environments) > 0 && !slices.Contains(v.environments, id) && !slices.Contains(v.environments, c.Environment.Type) {
		return bad(Deployment, "is of an environment that is not configured")
	}
	return nil
}

func checkAccount(b *body, c *Claims) error {
	account, ok := AccountID(b.Principal)
	if !ok {
		return bad(Malformed, "names an account that is none")
	}
	c.Account = account
	return nil
}

// siteURL is the origin of a site's address, or "" if nobody should be sent there.
func siteURL(s string) string {
	u, err := url.Parse(s)
	if err != nil || u.Host == "" || u.User != nil {
		return ""
	}
	if u.Scheme != "https" && (u.Scheme != "http" || !isLoopback(u.Hostname())) {
		return ""
	}
	return u.Scheme + "://" + u.Host
}

func isLoopback(host string) bool {
	ip := net.ParseIP(host)
	return host == "localhost" || ip != nil && ip.IsLoopback()
}

const (
	issuer = "forge/invocation-token"
	// leeway is by how much Atlassian's clock and ours may differ.
	leeway = 5 * time.Second
)
