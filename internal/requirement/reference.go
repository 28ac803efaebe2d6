package requirement

import (
	"crypto/sha256"
	"encoding/hex"
	"regexp"
	"strings"
)

// Reference names a requirement everywhere: "<page id>#<id>", or the page alone if
// ID is "".
type Reference struct {
	Page string
	ID   string
}

// String writes the reference.
func (r Reference) String() string {
	if r.ID == "" {
		return r.Page
	}
	return r.Page + "#" + r.ID
}

var (
	pagePattern = regexp.MustCompile(`^[0-9]{1,19}$`)
	idPattern   = regexp.MustCompile(`^[\p{L}\p{N}]+(?:-[\p{L}\p{N}]+)*$`)
	inText      = regexp.MustCompile(`(?:^|[^\p{L}\p{N}/#&=-])([0-9]{1,19})#([\p{L}\p{N}]+(?:-[\p{L}\p{N}]+)*)`)
)

// ValidID reports whether a text can be an id of a requirement.
func ValidID(id string) bool { return len(id) <= 4*maxSlug+8 && idPattern.MatchString(id) }

// ParseReference reads "<page id>#<id>" or the id of a page alone.
func ParseReference(s string) (Reference, bool) {
	page, id, has := strings.Cut(strings.TrimSpace(s), "#")
	if !pagePattern.MatchString(page) || has && !ValidID(id) {
		return Reference{}, false
	}
	return Reference{page, id}, true
}

// Mentions lists the references that stand in a text, without repeats.
func Mentions(text string) []Reference {
	var out []Reference
	seen := map[Reference]bool{}
	for _, m := range inText.FindAllStringSubmatch(text, -1) {
		r := Reference{m[1], strings.ToLower(m[2])}
		if ValidID(r.ID) && !seen[r] {
			seen[r] = true
			out = append(out, r)
		}
	}
	return out
}

// globalPrefix begins the names of our links.
const globalPrefix = "aofctl-requirement:"

// maxSite bounds how much of a link's name is the site, in bytes: Jira takes 255 for
// all of it (https://developer.atlassian.com/cloud/jira/platform/rest/v2/api-group-issue-remote-links/).
const maxSite = 60

// GlobalID is the name of the remote link from an issue to a requirement, or to a
// page, of a site: its address without the scheme. There is one link of a name on an
// issue, so making it again changes nothing.
func GlobalID(site string, r Reference) string {
	return globalPrefix + shortSite(site) + "/" + r.String()
}

// ParseGlobalID reads the name of a link to a requirement of a site; false for links
// of others and to other sites.
func ParseGlobalID(site, name string) (Reference, bool) {
	rest, ok := strings.CutPrefix(name, globalPrefix+shortSite(site)+"/")
	if !ok {
		return Reference{}, false
	}
	return ParseReference(rest)
}

// shortSite is the address of a site without its scheme; a long one is hashed.
func shortSite(site string) string {
	if _, rest, ok := strings.Cut(site, "://"); ok {
		site = rest
	}
	site = strings.ToLower(strings.Trim(site, "/"))
	if len(site) <= maxSite {
		return site
	}
	sum := sha256.Sum256([]byte(site))
	return hex.EncodeToString(sum[:16])
}
