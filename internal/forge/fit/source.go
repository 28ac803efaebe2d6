package fit

import (
	"context"
	"crypto/rsa"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math/big"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"
)

const (
	fetchTimeout = 5 * time.Second
	maxKeysBytes = 256 << 10
	maxRedirects = 3
	// The bounds of what a server may say of how long its answer is good.
	shortestTTL, longestTTL, usualTTL = 5 * time.Minute, 24 * time.Hour, time.Hour
	// The bounds of RSA keys, in bits: RFC 7518, section 3.3, has the lower one.
	minBits, maxBits = 2048, 8192
)

// source is where the keys are.
type source struct {
	url    string
	client *http.Client
}

func newSource(url string, carrier http.RoundTripper) source {
	return source{url: url, client: &http.Client{Transport: carrier, CheckRedirect: sameHost}}
}

// sameHost keeps redirects from naming somebody else's keys.
func sameHost(next *http.Request, before []*http.Request) error {
	first := before[0].URL
	switch {
	case next.URL.Host != first.Host || next.URL.Scheme != first.Scheme:
		return errors.New("it redirects to another host")
	case len(before) > maxRedirects:
		return errors.New("it redirects too often")
	}
	return nil
}

// fetch asks for the keys. It takes fetchTimeout at most.
func (s source) fetch(now time.Time) (*keyset, error) {
	ctx, cancel := context.WithTimeout(context.Background(), fetchTimeout)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, s.url, http.NoBody)
	if err != nil {
		return nil, err
	}
	req.Header.Set("Accept", "application/json")
	resp, err := s.client.Do(req)
	if err != nil {
		return nil, err
	}
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusOK {
		return nil, fmt.Errorf("get %s: it answered %s", s.url, resp.Status)
	}
	raw, err := io.ReadAll(io.LimitReader(resp.Body, maxKeysBytes+1))
	switch {
	case err != nil:
		return nil, fmt.Errorf("read %s: %w", s.url, err)
	case len(raw) > maxKeysBytes:
		return nil, fmt.Errorf("read %s: it is larger than %d bytes", s.url, maxKeysBytes)
	}
	keys, err := readKeys(raw)
	if err != nil {
		return nil, fmt.Errorf("read %s: %w", s.url, err)
	}
	return &keyset{keys: keys, at: now, ttl: ttlOf(resp.Header)}, nil
}

// ttlOf reads max-age, RFC 9111, section 5.2.2.1, where it is sensible.
func ttlOf(head http.Header) time.Duration {
	for _, line := range head.Values("Cache-Control") {
		for directive := range strings.SplitSeq(line, ",") {
			name, value, _ := strings.Cut(strings.TrimSpace(directive), "=")
			if !strings.EqualFold(name, "max-age") {
				continue
			}
			seconds, err := strconv.ParseUint(strings.Trim(value, `"`), 10, 31)
			if ttl := time.Duration(seconds) * time.Second; err == nil && ttl >= shortestTTL && ttl <= longestTTL {
				return ttl
			}
			return usualTTL
		}
	}
	return usualTTL
}

// jwk is a key, RFC 7517, section 4, and RFC 7518, section 6.3.
type jwk struct {
	Kty    string   `json:"kty"`
	Use    string   `json:"use"`
	KeyOps []string `json:"key_ops"`
	Alg    string   `json:"alg"`
	Kid    string   `json:"kid"`
	N      string   `json:"n"`
	E      string   `json:"e"`
}

// readKeys takes the keys that Forge can have signed with and leaves others out, as
// RFC 7517, section 5, wants it. No such key is an error: what we have is better.
func readKeys(raw []byte) (map[string]*rsa.PublicKey, error) {
	var document struct {
		Keys []json.RawMessage `json:"keys"`
	}
	if err := json.Unmarshal(raw, &document); err != nil {
		return nil, fmt.Errorf("it is not a set of keys: %w", err)
	}
	keys := map[string]*rsa.PublicKey{}
	for _, one := range document.Keys {
		var k jwk
		if json.Unmarshal(one, &k) != nil || !k.fits() || keys[k.Kid] != nil {
			continue
		}
		if key := k.public(); key != nil {
			keys[k.Kid] = key
		}
	}
	if len(keys) == 0 {
		return nil, fmt.Errorf("none of its %d keys verifies tokens", len(document.Keys))
	}
	return keys, nil
}

func (k jwk) fits() bool {
	return k.Kty == "RSA" && (k.Use == "" || k.Use == "sig") && (k.Alg == "" || k.Alg == "RS256") &&
		(len(k.KeyOps) == 0 || slices.Contains(k.KeyOps, "verify")) &&
		strings.HasPrefix(k.Kid, keyPrefix) && len(k.Kid) <= maxKeyID
}

// public is the key, or nil if it is too weak, too large to be worked with, or none.
func (k jwk) public() *rsa.PublicKey {
	n, errN := base64.RawURLEncoding.DecodeString(strings.TrimRight(k.N, "="))
	e, errE := base64.RawURLEncoding.DecodeString(strings.TrimRight(k.E, "="))
	if errN != nil || errE != nil || len(n) > maxBits/8+1 || len(e) > 4 {
		return nil
	}
	modulus := new(big.Int).SetBytes(n)
	exponent := new(big.Int).SetBytes(e).Int64()
	if bits := modulus.BitLen(); bits < minBits || bits > maxBits || modulus.Bit(0) == 0 {
		return nil
	}
	// FIPS 186-5, section 5.1, wants an odd exponent above 2^16.
	if exponent <= 1<<16 || exponent >= 1<<31 || exponent%2 == 0 {
		return nil
	}
	return &rsa.PublicKey{N: modulus, E: int(exponent)}
}
