package hosts_test

import (
	"errors"
	"net/netip"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/aofctl/aofctl/internal/hosts"
)

func list(t testing.TB, entries ...string) hosts.List {
	t.Helper()
	var l hosts.List
	for _, text := range entries {
		h, err := hosts.Parse(text)
		if err != nil {
			t.Fatal(err)
		}
		l = append(l, h)
	}
	return l
}

func TestEntriesAreRead(t *testing.T) {
	for text, want := range map[string]hosts.Host{
		"api.example.com":            {Scheme: "https", Name: "api.example.com"},
		" API.Example.COM. ":         {Scheme: "https", Name: "api.example.com"},
		"https://api.example.com/":   {Scheme: "https", Name: "api.example.com"},
		"api.example.com:443":        {Scheme: "https", Name: "api.example.com"},
		"api.example.com:8443":       {Scheme: "https", Name: "api.example.com", Port: "8443"},
		"http://legacy.example.com":  {Scheme: "http", Name: "legacy.example.com"},
		"HTTP://wiki:80":             {Scheme: "http", Name: "wiki"},
		"*.example.com":              {Scheme: "https", Name: "*.example.com"},
		"http://*.example.com:8080":  {Scheme: "http", Name: "*.example.com", Port: "8080"},
		"bücher.example":             {Scheme: "https", Name: "xn--bcher-kva.example"},
		"93.184.216.34":              {Scheme: "https", Name: "93.184.216.34"},
		"[2606:2800:220:1::1]:8443":  {Scheme: "https", Name: "2606:2800:220:1::1", Port: "8443"},
		"[2606:2800:0220:0001:0::1]": {Scheme: "https", Name: "2606:2800:220:1::1"},
		"under_score.example.com":    {Scheme: "https", Name: "under_score.example.com"},
	} {
		got, err := hosts.Parse(text)
		if diff := cmp.Diff(want, got); diff != "" || err != nil {
			t.Errorf("%q: %v (-want +got):\n%s", text, err, diff)
		}
		if again, err := hosts.Parse(got.String()); err != nil || again != got {
			t.Errorf("%q: written %q is read as %+v, %v", text, got, again, err)
		}
	}
}

func TestEntriesThatMeanNothingOrTooMuchAreRefused(t *testing.T) {
	for _, text := range []string{
		"", " ", "*", "*.", "*.com", "*.*.com", "a.*.com", "*example.com", "https://", "ftp://example.com", "example.com/path", "example.com?x", "user@example.com",
		"example.com:0", "example.com:99999", "example.com:http", "example.com:", "2130706433", "0x7f.0.0.1", "0x7f000001", "127.1", "0177.0.0.1", "1.2.3.4.5",
		"::1", "[::1", "[::ffff:1.2.3.4]", "[fe80::1%25eth0]", "[fe80::1%eth0]", "*.1.2.3.4", "exa mple.com", "example..com", "exam\\ple.com", "a\x00b.com",
		strings.Repeat("a", 64) + ".com", strings.Repeat("a.", 200) + "com", "example.com#x", "-", "%65xample.com",
	} {
		if got, err := hosts.Parse(text); err == nil && got.Name != "-" {
			t.Errorf("%q was read as %+v", text, got)
		}
	}
}

func TestURLsOfTheListAreAdmitted(t *testing.T) {
	l := list(t, "api.example.com", "example.org:8443", "*.example.net", "http://legacy.example.com", "http://old.example.com:8080", "bücher.example", "[2606:2800:220:1::1]")
	for raw, want := range map[string]string{
		"https://api.example.com":                          "https://api.example.com/",
		"HTTPS://API.EXAMPLE.COM:443/A/b?q=1&r=%2f#frag":   "https://api.example.com/A/b?q=1&r=%2f",
		"https://api.example.com./x":                       "https://api.example.com/x",
		"https://example.org:8443/x":                       "https://example.org:8443/x",
		"https://a.example.net/":                           "https://a.example.net/",
		"https://a.b.example.net/%2e%2e/x":                 "https://a.b.example.net/%2e%2e/x",
		"http://legacy.example.com/x":                      "http://legacy.example.com/x",
		"https://legacy.example.com/x":                     "https://legacy.example.com/x",
		"http://old.example.com:8080/":                     "http://old.example.com:8080/",
		"https://BÜCHER.example/":                          "https://xn--bcher-kva.example/",
		"https://xn--bcher-kva.example/":                   "https://xn--bcher-kva.example/",
		"https://[2606:2800:220:1:0:0:0:1]/":               "https://[2606:2800:220:1::1]/",
		"https://ａｐｉ.example.com/":                         "https://api.example.com/", // full-width letters are these letters
		"https://api.example.com/https://169.254.169.254/": "https://api.example.com/https://169.254.169.254/",
	} {
		u, _, err := l.Check(raw)
		if err != nil {
			t.Errorf("%s: %v", raw, err)
			continue
		}
		if u.String() != want {
			t.Errorf("%s became %s, want %s", raw, u, want)
		}
	}
}

// refusedURLs are ways to name a host that is not on the list api.example.com,
// *.example.net, http://legacy.example.com, example.org:8443.
func refusedURLs() []string {
	return []string{
		// other hosts and schemes
		"https://evil.com/", "https://example.com/", "https://xapi.example.com/", "https://api.example.com.evil.com/", "https://evil-example.net/", "https://example.net/",
		"https://.example.net/", "https://a..example.net/", "https://aexample.net/", "https://example.net.evil.com/", "http://api.example.com/", "http://a.example.net/",
		"ftp://api.example.com/", "file:///etc/passwd", "gopher://api.example.com/", "javascript:alert(1)", "data:text/plain,x", "//api.example.com/", "api.example.com", "/etc/passwd", "",
		"https:api.example.com", "https:/api.example.com/", "https:///api.example.com/", "unix:///var/run/docker.sock", "https+unix://api.example.com/",
		// ports
		"https://api.example.com:8443/", "https://api.example.com:80/", "https://api.example.com:0443/", "https://api.example.com:00443/", "https://api.example.com:/x", "https://example.org/",
		"https://example.org:8444/", "https://api.example.com:443:80/", "https://api.example.com:+443/", "https://api.example.com:４４３/", "https://legacy.example.com:80/", "http://legacy.example.com:443/",
		// a user in front, or what looks like one
		"https://api.example.com@evil.com/", "https://user:pass@api.example.com/", "https://evil.com@api.example.com/", "https://@api.example.com/", "https://evil.com\\@api.example.com/", "https://api.example.com\\@evil.com/",
		"https://api.example.com%40evil.com/", "https://evil.com#@api.example.com/", "https://evil.com?@api.example.com/", "https://api.example.com;@evil.com/", "https://a:b:c@api.example.com/",
		// characters that readers take differently
		"https://api.example.com\\.evil.com/", "https://api.example.com%2eevil.com/", "https://evil.com%00.example.net/", "https://evil.com%2f.example.net/", "https://evil.com\x00.example.net/", "https://evil.com\r\n.example.net/",
		"https://evil.com\t.example.net/", "https://evil.com .example.net/", "https://evil.com／.example.net/", "https://evil.com？.example.net/", "https://evil.com＃.example.net/", "https://evil。com/", "https://api.examp1e.com/", "https://аpi.example.com/",
		"https://api.example.com../", "https://evil.com%252f.example.net/", "https://exämple.net/", "https://xn--/", "https://[api.example.com]/", "https://api.example.com]/", "https://[api.example.com/",
		// addresses in all their spellings
		"https://127.0.0.1/", "https://localhost/", "https://169.254.169.254/latest/meta-data/", "http://169.254.169.254/", "https://metadata.google.internal/", "https://2130706433/", "https://0x7f000001/", "https://0x7f.0.0.1/", "https://0177.0.0.1/",
		"https://017700000001/", "https://127.1/", "https://127.0.1/", "https://0/", "https://0.0.0.0/", "https://①②⑦.⓪.⓪.①/", "https://[::1]/", "https://[::]/", "https://[::ffff:127.0.0.1]/", "https://[::ffff:7f00:1]/", "https://[0:0:0:0:0:ffff:a9fe:a9fe]/",
		"https://[64:ff9b::a9fe:a9fe]/", "https://[2002:a9fe:a9fe::]/", "https://[fe80::1%25eth0]/", "https://[fd00:ec2::254]/", "https://[::127.0.0.1]/", "https://[::ffff:127.0.0.1%25x]/", "https://127.0.0.1.example.net:80/", "https://3232235521/",
		"https://0xa9.0xfe.0xa9.0xfe/", "https://0251.0376.0251.0376/", "https://169.254.43518/", "https://[::1%25.example.net]/",
	}
}

func TestNoURLLeadsOffTheList(t *testing.T) {
	l := list(t, "api.example.com", "*.example.net", "http://legacy.example.com", "example.org:8443")
	if n := len(refusedURLs()); n < 60 {
		t.Fatalf("only %d cases", n)
	}
	for _, raw := range refusedURLs() {
		u, _, err := l.Check(raw)
		var refused *hosts.RefusedError
		if !errors.As(err, &refused) || u != nil {
			t.Errorf("%q was let through to %s (%v)", raw, u, err)
		}
	}
	for _, raw := range []string{"https://api.example.com/", "https://a.example.net/"} {
		if _, _, err := (hosts.List{}).Check(raw); err == nil || !strings.Contains(err.Error(), "none") {
			t.Errorf("an empty list admits %s: %v", raw, err)
		}
	}
}

// internalAddresses are those that no name on the list may lead to.
func internalAddresses() []string {
	return []string{
		"127.0.0.1", "127.255.255.254", "0.0.0.0", "0.1.2.3", "10.0.0.1", "10.255.255.255", "100.64.0.1", "100.127.255.255", "100.100.100.200", "169.254.169.254", "169.254.170.2",
		"172.16.0.1", "172.31.255.255", "192.168.0.1", "192.168.255.255", "192.0.0.1", "192.0.0.192", "192.0.2.1", "192.88.99.1", "198.18.0.1", "198.19.255.255", "198.51.100.1", "203.0.113.1",
		"224.0.0.1", "239.255.255.255", "240.0.0.1", "255.255.255.255", "168.63.129.16", "::", "::1", "::127.0.0.1", "::ffff:127.0.0.1", "::ffff:10.0.0.1", "::ffff:169.254.169.254", "64:ff9b::7f00:1",
		"64:ff9b::808:808", "64:ff9b:1::1", "100::1", "2001::1", "2001:2::1", "2001:10::1", "2001:20::1", "2001:db8::1", "2002:7f00:1::", "2002:808:808::1", "3fff::1", "fc00::1", "fd00:ec2::254", "fdff::1",
		"fe80::1", "fe80::1%eth0", "febf::1", "fec0::1", "ff02::1", "ff0e::1", "5f00::1", "4000::1",
	}
}

func TestNoNameLeadsToAnInternalAddress(t *testing.T) {
	h := list(t, "api.example.com")[0]
	for _, text := range internalAddresses() {
		if err := h.CheckAddress(netip.MustParseAddr(text)); err == nil {
			t.Errorf("%s may be reached", text)
		}
	}
	for _, text := range []string{"8.8.8.8", "93.184.216.34", "172.32.0.1", "100.128.0.1", "192.167.1.1", "2606:2800:220:1::1", "2a00:1450::1", "::ffff:8.8.8.8", "1.0.0.1", "223.255.255.1"} {
		if err := h.CheckAddress(netip.MustParseAddr(text)); err != nil {
			t.Errorf("%s: %v", text, err)
		}
	}
	if err := h.CheckAddress(netip.Addr{}); err == nil {
		t.Error("no address may be reached")
	}
}

func TestAnInternalHostIsReachedButNoMetadata(t *testing.T) {
	h := list(t, "wiki.internal")[0]
	h.Private = true
	for text, want := range map[string]bool{
		"127.0.0.1": true, "10.1.2.3": true, "192.168.1.1": true, "172.16.0.1": true, "100.64.0.1": true, "fd12::1": true, "::1": true, "8.8.8.8": true, "::ffff:10.0.0.1": true,
		"169.254.169.254": false, "100.100.100.200": false, "168.63.129.16": false, "192.0.0.192": false, "fd00:ec2::254": false, "fe80::1": false, "0.0.0.0": false, "::": false,
		"224.0.0.1": false, "255.255.255.255": false, "::ffff:169.254.169.254": false, "64:ff9b::a9fe:a9fe": false, "2002:a9fe:a9fe::1": false, "::a9fe:a9fe": false,
	} {
		if err := h.CheckAddress(netip.MustParseAddr(text)); (err == nil) != want {
			t.Errorf("%s: %v", text, err)
		}
	}
}

// FuzzCheck lets nothing through but the names on the list, as the URL that is
// returned is read again by anybody.
func FuzzCheck(f *testing.F) {
	for _, raw := range refusedURLs() {
		f.Add(raw)
	}
	for _, raw := range []string{"https://api.example.com/a?b#c", "https://A.example.net:443", "http://legacy.example.com:80/%zz"} {
		f.Add(raw)
	}
	l := list(f, "api.example.com", "*.example.net", "http://legacy.example.com", "example.org:8443")
	f.Fuzz(func(t *testing.T, raw string) {
		u, h, err := l.Check(raw)
		if err != nil {
			return
		}
		name, port := u.Hostname(), u.Port()
		ok := name == "api.example.com" && port == "" || strings.HasSuffix(name, ".example.net") && port == "" || name == "legacy.example.com" && port == "" ||
			name == "example.org" && port == "8443"
		if !ok || u.User != nil || strings.ContainsAny(name, "/\\@:%?# \x00") || u.Scheme == "http" && name != "legacy.example.com" {
			t.Fatalf("%q was let through as %s by %s", raw, u, h)
		}
		again, h2, err := l.Check(u.String())
		if err != nil || again.String() != u.String() || h2 != h {
			t.Fatalf("%s is read as %v the second time (%v)", u, again, err)
		}
	})
}

// FuzzParse reads any entry; what is read is written and read again.
func FuzzParse(f *testing.F) {
	for _, seed := range []string{"a.b", "http://[::1]:80", "*.a.b:1", "bücher.example", "ａ.b", "xn--a"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		h, err := hosts.Parse(text)
		if err != nil {
			return
		}
		if again, err := hosts.Parse(h.String()); err != nil || again != h {
			t.Fatalf("%q: %q is read as %+v, not %+v (%v)", text, h.String(), again, h, err)
		}
	})
}
