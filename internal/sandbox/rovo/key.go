package rovo

import (
	"crypto"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"math/big"
	"net/http"
	"slices"
	"strconv"
	"sync"
	"time"

	"github.com/aofctl/aofctl/internal/a2a/client"
)

// JWKSPath is where the keys are that invocation tokens are signed with.
const JWKSPath = "/forge/.well-known/jwks.json"

// key is a key that signs tokens.
type key struct {
	id      string
	private *rsa.PrivateKey
}

// ring are the keys. The first one is made when it is needed, because that takes a
// while.
type ring struct {
	mu      sync.Mutex
	keys    []key
	fetches int
	outage  int
	maxAge  time.Duration
}

// RotateKeys makes a new key that signs from now on. The old ones stay published,
// as long as the tokens live that they signed, unless they are withdrawn.
func (s *Server) RotateKeys(withdraw bool) error {
	s.ring.mu.Lock()
	defer s.ring.mu.Unlock()
	fresh, err := newKey()
	if err != nil {
		return err
	}
	if withdraw {
		s.ring.keys = nil
	}
	s.ring.keys = append(s.ring.keys, fresh)
	return nil
}

// FailKeys answers requests for the keys with an HTTP status; 0 ends that.
func (s *Server) FailKeys(status int) {
	s.ring.mu.Lock()
	defer s.ring.mu.Unlock()
	s.ring.outage = status
}

// KeysMaxAge has answers with the keys say how long they may be kept; 0 says
// nothing.
func (s *Server) KeysMaxAge(age time.Duration) {
	s.ring.mu.Lock()
	defer s.ring.mu.Unlock()
	s.ring.maxAge = age
}

// KeyFetches is how many times somebody asked for the keys.
func (s *Server) KeyFetches() int {
	s.ring.mu.Lock()
	defer s.ring.mu.Unlock()
	return s.ring.fetches
}

// JWKSURL is the address of the keys.
func (s *Server) JWKSURL() string { return s.opts.BaseURL + JWKSPath }

func newKey() (key, error) {
	private, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		return key{}, fmt.Errorf("make key: %w", err)
	}
	return key{id: "forge/invocation-token/wf-" + client.NewID(), private: private}, nil
}

// current is the key that signs.
func (r *ring) current() (key, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if err := r.fill(); err != nil {
		return key{}, err
	}
	return r.keys[len(r.keys)-1], nil
}

func (r *ring) fill() error {
	if len(r.keys) > 0 {
		return nil
	}
	first, err := newKey()
	if err == nil {
		r.keys = []key{first}
	}
	return err
}

// jwk is a public key, RFC 7517 and RFC 7518, section 6.3.1.
type jwk struct {
	Kty string `json:"kty"`
	E   string `json:"e"`
	Use string `json:"use"`
	Kid string `json:"kid"`
	Alg string `json:"alg"`
	N   string `json:"n"`
}

func (r *ring) serve(w http.ResponseWriter, _ *http.Request) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.fetches++
	if r.outage != 0 {
		http.Error(w, "the keys are out of reach", r.outage)
		return
	}
	if err := r.fill(); err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	list := make([]jwk, 0, len(r.keys))
	for _, k := range slices.Backward(r.keys) {
		list = append(list, jwk{
			Kty: "RSA", Use: "sig", Kid: k.id, Alg: "RS256", N: raw64(k.private.N.Bytes()),
			E: raw64(big.NewInt(int64(k.private.E)).Bytes()),
		})
	}
	if r.maxAge > 0 {
		w.Header().Set("Cache-Control", "public, max-age="+strconv.Itoa(int(r.maxAge/time.Second)))
	}
	writeJSON(w, http.StatusOK, map[string]any{"keys": list})
}

// jwt signs claims, RFC 7515, section 3.1. The sign function gets what is to be signed.
func jwt(header, claims map[string]any, sign func([]byte) ([]byte, error)) (string, error) {
	h, err := json.Marshal(header)
	if err != nil {
		return "", fmt.Errorf("write token: %w", err)
	}
	c, err := json.Marshal(claims)
	if err != nil {
		return "", fmt.Errorf("write token: %w", err)
	}
	signed := raw64(h) + "." + raw64(c)
	signature, err := sign([]byte(signed))
	if err != nil {
		return "", fmt.Errorf("sign token: %w", err)
	}
	return signed + "." + raw64(signature), nil
}

// rs256 signs with RSASSA-PKCS1-v1_5 and SHA-256, RFC 7518, section 3.3.
func (k key) rs256(text []byte) ([]byte, error) {
	sum := sha256.Sum256(text)
	return rsa.SignPKCS1v15(rand.Reader, k.private, crypto.SHA256, sum[:])
}

func raw64(b []byte) string { return base64.RawURLEncoding.EncodeToString(b) }
