package webhook

import (
	"errors"
	"fmt"
	"net/http"
	"strings"
)

// NamedSecret is a secret and the name by which it may be spoken of, such as
// the environment variable that holds it.
type NamedSecret struct {
	Name  string
	Value string
}

// Source is one sender: a site of a platform, with a path of its own.
type Source struct {
	// Name is the platform, such as "jira"; it is the path below /webhook.
	Name string
	// Site is the configured site of the platform and the next part of the path;
	// "" for the platform's only or first site, whose path ends with the name.
	Site string
	// Secrets returns the secrets of which any may sign. It is called for each
	// delivery, so that a reload takes effect at once, and must be fast. Secrets
	// without a value are passed over; with none left every delivery is refused.
	Secrets func() []NamedSecret
	// Tokens returns the static tokens that are accepted in place of a
	// signature, in X-Webhook-Token or as a bearer token, from senders that
	// cannot sign. Nil accepts none.
	Tokens func() []NamedSecret
	// SignatureHeader carries the signature; "" means X-Hub-Signature, as
	// Atlassian sends it. GitHub uses X-Hub-Signature-256.
	SignatureHeader string
	// OtherSignatureHeader is looked at if there is no SignatureHeader; "" for none.
	OtherSignatureHeader string
	// IdentityHeader carries the delivery's identity, the same when the platform
	// repeats it; "" means X-Atlassian-Webhook-Identifier. GitHub uses
	// X-GitHub-Delivery.
	IdentityHeader string
	// Forms says that bodies may also be HTML forms, as GitHub sends them if it is
	// told so.
	Forms bool
	// Event is the event that the path names, for bodies that do not; "" for none. It
	// is kept with the delivery, as the header EventHeader.
	Event string
	// Repeats says that a body without an identity may come again on purpose: the
	// same one counts as a repetition only within the same ten minutes of the clock.
	Repeats bool
}

// EventHeader is the name under which a delivery keeps the event that its path
// names. No sender can set it.
const EventHeader = "Path-Event"

// path is where deliveries of the source are posted.
func (s Source) path() string {
	if s.Site == "" {
		return "/webhook/" + s.Name
	}
	return "/webhook/" + s.Name + "/" + s.Site
}

func (s Source) check() error {
	if s.Name == "" || strings.Contains(s.Name, "/") {
		return fmt.Errorf("source name %q is empty or has a slash", s.Name)
	}
	if strings.Contains(s.Site, "/") {
		return fmt.Errorf("site name %q has a slash", s.Site)
	}
	if s.Secrets == nil {
		return errors.New("source has no function that returns secrets")
	}
	return nil
}

// withDefaults fills the headers in, in the form in which net/http keeps them.
func (s Source) withDefaults() Source {
	s.SignatureHeader = header(s.SignatureHeader, "X-Hub-Signature")
	if s.OtherSignatureHeader != "" {
		s.OtherSignatureHeader = http.CanonicalHeaderKey(s.OtherSignatureHeader)
	}
	s.IdentityHeader = header(s.IdentityHeader, "X-Atlassian-Webhook-Identifier")
	return s
}

func header(name, fallback string) string {
	if name == "" {
		name = fallback
	}
	return http.CanonicalHeaderKey(name)
}

// routes maps paths to sources.
func routes(sources []Source) (map[string]*Source, error) {
	m := make(map[string]*Source, len(sources))
	for _, s := range sources {
		if err := s.check(); err != nil {
			return nil, err
		}
		s := s.withDefaults()
		if m[s.path()] != nil {
			return nil, fmt.Errorf("two sources share the path %s", s.path())
		}
		m[s.path()] = &s
	}
	return m, nil
}
