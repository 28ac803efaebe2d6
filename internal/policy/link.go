package policy

import (
	"html"
	"net/url"
	"regexp"
	"strings"
	"unicode"

	"github.com/aofctl/aofctl/internal/markup/doc"
	"github.com/aofctl/aofctl/internal/markup/markdown"
	"github.com/aofctl/aofctl/internal/markup/wiki"
	"github.com/aofctl/aofctl/internal/tool"
)

var (
	// relative are addresses without a scheme that still name a host, where the
	// target of a link or an image stands.
	relative = regexp.MustCompile(`(?:[(\[|!"'=<]|\]:|url\()\s*<?([/\\]{2,}[^/\\\s"'<>)\]|!]*\.[^\s"'<>)\]|!]*)`)
	// bareHost is a host as the target of a link in wiki markup.
	bareHost = regexp.MustCompile(`(?i)\[[^\[\]\n]*\|\s*([a-z0-9](?:[a-z0-9-]*[a-z0-9])?(?:\.[a-z0-9-]+)+(?::\d+)?(?:[/?#][^\]|\n]*)?)(?:\|[^\]\n]*)?\]`)
	// attribute is an attribute of HTML that loads or links.
	attribute = regexp.MustCompile(`(?is)<[a-z!/][^>]*?\b(?:href|src|srcset|action|formaction|poster|background|data|cite|longdesc|style|ri:value)\s*=\s*("[^"]*"|'[^']*'|[^\s>"']+)`)
	scheme    = regexp.MustCompile(`^[A-Za-z][A-Za-z0-9+.\-]*:`)
)

// linkIn returns the first address in a text to which nothing may link; "" for
// none.
func (p *Policy) linkIn(s, set string, k *knowledge) string {
	if !strings.ContainsAny(s, ":/\\.@&%\uff1a\uff0e\u3002") {
		return ""
	}
	rest, bad := k.scan(s)
	if bad != "" {
		return bad
	}
	if plain := unmasked(rest); plain != rest {
		if _, bad := k.scan(plain); bad != "" {
			return bad
		}
	}
	for _, to := range targets(s, set == setGitHub) {
		if !k.target(to) {
			return to
		}
	}
	return ""
}

// targets are where the links and images of a text lead, as our converters and
// other programs read them.
func targets(s string, github bool) []string {
	var list []string
	for _, n := range nodes(s, github) {
		if n.Kind == doc.Link || n.Kind == doc.Image {
			list = append(list, n.Target)
		}
	}
	for _, view := range views(s) {
		for _, m := range relative.FindAllStringSubmatch(view, -1) {
			list = append(list, m[1])
		}
		for _, m := range attribute.FindAllStringSubmatch(view, -1) {
			value := html.UnescapeString(strings.Trim(m[1], `"'`))
			list = append(list, strings.FieldsFunc(value, func(r rune) bool { return r == ',' || r == ' ' })...) // of srcset, each
		}
		if github {
			continue
		}
		for _, m := range bareHost.FindAllStringSubmatch(view, -1) {
			list = append(list, "//"+strings.TrimSpace(m[1]))
		}
	}
	return list
}

// nodes are the parts of a text that our converters see, be it Markdown or wiki
// markup; on GitHub, Markdown only.
func nodes(s string, github bool) []*doc.Node {
	if !strings.ContainsAny(s, "[@!:<&") && !anyWWW.MatchString(s) {
		return nil
	}
	list := below(nil, markdown.Parse(s, false))
	if github {
		return list
	}
	return below(below(list, wiki.Document(s)), wiki.Parse(s))
}

func below(list []*doc.Node, n *doc.Node) []*doc.Node {
	for _, c := range n.Children {
		list = below(append(list, c), c)
	}
	return list
}

// scan looks at the addresses in a text, and returns it without those that may
// stand there, or the first that may not.
func (k *knowledge) scan(s string) (rest, bad string) {
	var b strings.Builder
	for {
		m := start.FindStringIndex(s)
		if m == nil {
			return b.String() + s, ""
		}
		b.WriteString(s[:m[0]] + " ")
		run := runFrom(s[m[0]:])
		n := k.accepts(run)
		if n == 0 {
			return "", run
		}
		s = s[m[0]+n:]
	}
}

// accepts returns how much of a run is an address that may stand in a text; 0 if
// it may not.
func (k *knowledge) accepts(run string) int {
	if n := k.quoted(run); n > 0 {
		return n
	}
	lower := strings.ToLower(run)
	switch {
	case strings.HasPrefix(lower, "http://"), strings.HasPrefix(lower, "https://"):
		return k.atHost(run)
	case anyWWW.MatchString(run) && strings.HasPrefix(lower, "www"):
		if k.atHost("https://"+run) > 0 {
			return len(run)
		}
	case mailPrefix(run) != "":
		if k.mail(mailPrefix(run)) {
			return len(mailPrefix(run))
		}
	}
	return 0
}

// quoted returns the length of an address that the data have, at the begin of a
// run of which nothing follows that could be a part of it.
func (k *knowledge) quoted(run string) int {
	known := k.links()
	if len(known) == 0 {
		return 0
	}
	for n := len(run); n > 0; n-- {
		if known[trimSlash(run[:n])] {
			return n
		}
		if strings.IndexByte(closers, run[n-1]) < 0 {
			return 0
		}
	}
	return 0
}

// atHost returns the length of an address at a host that may be linked to. What
// follows the host is looked at for further addresses.
func (k *knowledge) atHost(run string) int {
	from := strings.Index(run, "://") + 3
	size := strings.IndexAny(run[from:], "/?#")
	if size < 0 {
		size = len(strings.TrimRight(run[from:], closers))
	}
	end := from + size
	if !k.linkable(run[:end], run[end:]) {
		return 0
	}
	for _, view := range views(run[end:]) {
		for at := 0; ; {
			m := start.FindStringIndex(view[at:])
			if m == nil {
				break
			}
			next := view[at+m[0]:]
			if strings.Contains(runFrom(next), ":") && mailPrefix(next) == "" && k.accepts(runFrom(next)) == 0 {
				return 0
			}
			at += m[1]
		}
	}
	return len(run)
}

// linkable reports whether a host is on the list, or is GitHub with the path of a
// repository of the run.
func (k *knowledge) linkable(site, path string) bool {
	u, _, err := k.hosts.Check(site + "/")
	if err == nil {
		return true
	}
	name := strings.TrimPrefix(strings.ToLower(site), "https://")
	if u != nil || k.github == "" || name != k.github {
		return false
	}
	plain := unmasked(path)
	if strings.Contains(plain, "..") || strings.Contains(plain, `\`) {
		return false
	}
	parts := strings.SplitN(strings.TrimLeft(strings.TrimRight(path, closers), "/"), "/", 3)
	if len(parts) < 2 {
		return false
	}
	repo, _, _ := strings.Cut(parts[1], "?")
	repo, _, _ = strings.Cut(repo, "#")
	return tool.InRepositories(k.repos, parts[0]+"/"+repo)
}

// mailPrefix is the address of mail that a run begins with, after mailto:.
func mailPrefix(run string) string {
	bare := run
	if len(run) > 7 && strings.EqualFold(run[:7], "mailto:") {
		bare = run[7:]
	}
	n := len(bare)
	if i := strings.IndexAny(bare, "?,;:/()[]\"'"); i >= 0 {
		n = i
	}
	address := strings.TrimRight(bare[:n], closers)
	if !mailAddress.MatchString(address) || n < len(bare) && (bare[n] == '?' || bare[n] == ',' && len(bare) < len(run)) {
		return "" // with a subject or further people it is more than an address
	}
	return run[:len(run)-len(bare)+len(address)]
}

// mail reports whether an address stands in the data, or is at a host of the list.
func (k *knowledge) mail(address string) bool {
	if len(address) > 7 && strings.EqualFold(address[:7], "mailto:") {
		address = address[7:]
	}
	known := k.links()
	if known[address] || known["mailto:"+address] {
		return true
	}
	_, host, _ := strings.Cut(address, "@")
	_, _, err := k.hosts.Check("https://" + host + "/")
	return err == nil
}

// target reports whether a link or an image may lead there.
func (k *knowledge) target(to string) bool {
	to = strings.Map(func(r rune) rune {
		if unicode.IsControl(r) || invisible(r) {
			return -1
		}
		return r
	}, strings.TrimSpace(to))
	if k.links()[trimSlash(to)] || k.quoted(to) == len(to) && to != "" {
		return true
	}
	plain := unmasked(to)
	switch {
	case to == "" || strings.HasPrefix(to, "#"):
		return true
	case strings.HasPrefix(strings.TrimLeft(plain, " "), "//"), strings.HasPrefix(plain, `\`), strings.HasPrefix(plain, `/\`):
		return k.accepts("https:"+to) > 0
	case scheme.MatchString(to), scheme.MatchString(plain):
		return k.accepts(to) > 0
	case strings.HasPrefix(strings.ToLower(plain), "www."):
		return k.accepts("https://"+to) > 0
	}
	u, err := url.Parse(to)
	return err != nil || u.Host == ""
}
