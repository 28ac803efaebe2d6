package rovo

import (
	"crypto/hmac"
	"crypto/sha256"
	"crypto/x509"
	"encoding/pem"
	"strings"
	"time"

	"github.com/aofctl/aofctl/internal/a2a/client"
)

// Spoil makes an invocation token one that has to be refused.
type Spoil struct {
	// Name says what is wrong with the token.
	Name   string
	change func(*draft) error
}

// Spoils are all the ways in which a token can be wrong. Each changes one thing in
// a token that is good otherwise.
func Spoils() []Spoil {
	return append(claimSpoils(), signatureSpoils()...)
}

func claimSpoils() []Spoil {
	claim := func(name, member string, value any) Spoil {
		return Spoil{name, func(d *draft) error { d.claims[member] = value; return nil }}
	}
	without := func(member string) Spoil {
		return Spoil{"without " + member, func(d *draft) error { delete(d.claims, member); return nil }}
	}
	nested := func(name string, value any, path ...string) Spoil {
		return Spoil{name, func(d *draft) error {
			d.at(path[:len(path)-1]...)[path[len(path)-1]] = value
			return nil
		}}
	}
	shifted := func(name string, by time.Duration) Spoil {
		return Spoil{name, func(d *draft) error {
			for _, member := range []string{"iat", "nbf", "exp"} {
				if at, ok := d.claims[member].(int64); ok {
					d.claims[member] = at + int64(by/time.Second)
				}
			}
			return nil
		}}
	}
	other := client.NewID()
	return []Spoil{
		shifted("expired", -time.Hour), shifted("not valid yet", time.Hour),
		claim("another issuer", "iss", "forge/context-token"), claim("for another app", "aud", appARI+other),
		claim("for several other apps", "aud", []string{appARI + other, appARI + client.NewID()}),
		claim("an expiry that is a word", "exp", "tomorrow"),
		without("iss"), without("aud"), without("exp"), without("app"),
		nested("of another app", appARI+other, "app", "id"),
		nested("two installations", installationARI+other, "app", "installation", "id"),
		{"no installation", func(d *draft) error {
			delete(d.at("app"), "installationId")
			delete(d.at("app"), "installation")
			return nil
		}},
		nested("two sites", other, "context", "cloudId"),
		nested("an API elsewhere", "https://api.atlassian.com.example.com/ex/jira/"+other, "app", "apiBaseUrl"),
		nested("isolated cloud", "ic-1", "app", "icLabel"),
		claim("isolated cloud at the top", "icLabel", "ic-1"),
	}
}

func signatureSpoils() []Spoil {
	header := func(name, member string, value any) Spoil {
		return Spoil{name, func(d *draft) error { d.header[member] = value; return nil }}
	}
	replaced := func(name string, edit func(token string) string) Spoil {
		return Spoil{name, func(d *draft) error {
			encode := d.encode
			d.encode = func(d *draft) (string, error) {
				token, err := encode(d)
				return edit(token), err
			}
			return nil
		}}
	}
	return []Spoil{
		{"signed with another key", func(d *draft) (err error) {
			known := d.key.id
			d.key, err = newKey()
			d.key.id = known
			return err
		}},
		{"an unknown key", func(d *draft) (err error) {
			d.key, err = newKey()
			d.header["kid"] = d.key.id
			return err
		}},
		{"the public key as a secret", confused}, {"no signature", unsigned},
		header("another algorithm's name", "alg", "RS512"), header("without a key's name", "kid", ""),
		header("another kind of key", "kid", "forge/context-token/1"), header("critical extension", "crit", []string{"x"}),
		replaced("cut off", func(token string) string { return token[:len(token)-10] }),
		replaced("two parts", func(token string) string { return token[:strings.LastIndexByte(token, '.')] }),
		replaced("changed on the way", tampered), replaced("no token", func(string) string { return "none" }),
		replaced("nothing", func(string) string { return "" }),
		replaced("far too long", func(token string) string { return token + strings.Repeat("A", 64<<10) }),
	}
}

// confused signs with the public key as if it were the secret of an HMAC.
func confused(d *draft) error {
	der, err := x509.MarshalPKIXPublicKey(&d.key.private.PublicKey)
	if err != nil {
		return err
	}
	secret := pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: der})
	d.header["alg"] = "HS256"
	d.encode = func(d *draft) (string, error) {
		return jwt(d.header, d.claims, func(text []byte) ([]byte, error) {
			mac := hmac.New(sha256.New, secret)
			mac.Write(text)
			return mac.Sum(nil), nil
		})
	}
	return nil
}

// unsigned says that it needs no signature, RFC 7519, section 6.
func unsigned(d *draft) error {
	d.header["alg"] = "none"
	d.encode = func(d *draft) (string, error) {
		return jwt(d.header, d.claims, func([]byte) ([]byte, error) { return nil, nil })
	}
	return nil
}

// tampered has other claims than those that were signed.
func tampered(token string) string {
	parts := strings.Split(token, ".")
	last := parts[1][len(parts[1])-8]
	swap := byte('A')
	if last == swap {
		swap = 'B'
	}
	parts[1] = parts[1][:len(parts[1])-8] + string(swap) + parts[1][len(parts[1])-7:]
	return strings.Join(parts, ".")
}
