package atlassian

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/hkdf"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"strings"
)

const (
	sealVersion = 1
	keyBytes    = 32
)

// Sealer encrypts what is kept at rest, by AES-256-GCM with a key derived from a
// master key. A sealed text is bound to its name: moved to another name it cannot
// be opened.
type Sealer struct {
	// ciphers are those of all master keys; the first one seals.
	ciphers []cipher.AEAD
}

// Keys are master keys of which sealers for different purposes are derived: what
// one seals, no other can open.
type Keys struct{ masters [][]byte }

// ParseKeys reads one master key, or several separated by commas of which the
// first seals and all open, while a key is being replaced. A key is 32 random
// bytes in base64 or hexadecimal, as by "openssl rand -base64 32". The error
// never tells a key.
func ParseKeys(masterKeys string) (Keys, error) {
	var k Keys
	for text := range strings.SplitSeq(masterKeys, ",") {
		key, err := parseKey(strings.TrimSpace(text))
		if err != nil {
			return Keys{}, err
		}
		k.masters = append(k.masters, key)
	}
	return k, nil
}

// Sealer makes the Sealer for a purpose, of keys that are derived by HKDF-SHA256
// (RFC 5869).
func (k Keys) Sealer(purpose string) (*Sealer, error) {
	if len(k.masters) == 0 {
		return nil, errors.New("derive a key: there is no master key")
	}
	s := &Sealer{}
	for _, master := range k.masters {
		aead, err := newCipher(master, purpose)
		if err != nil {
			return nil, fmt.Errorf("read master key: %w", err)
		}
		s.ciphers = append(s.ciphers, aead)
	}
	return s, nil
}

// NewSealer makes the Sealer for the daemon's own secrets of master keys, as
// ParseKeys reads them.
func NewSealer(masterKeys string) (*Sealer, error) {
	keys, err := ParseKeys(masterKeys)
	if err != nil {
		return nil, err
	}
	return keys.Sealer("aofctl secrets at rest")
}

func newCipher(master []byte, purpose string) (cipher.AEAD, error) {
	key, err := hkdf.Key(sha256.New, master, nil, purpose, keyBytes)
	if err != nil {
		return nil, err
	}
	block, err := aes.NewCipher(key)
	if err != nil {
		return nil, err
	}
	return cipher.NewGCM(block)
}

func parseKey(text string) ([]byte, error) {
	for _, decode := range []func(string) ([]byte, error){
		hex.DecodeString, base64.StdEncoding.DecodeString, base64.RawStdEncoding.DecodeString,
		base64.URLEncoding.DecodeString, base64.RawURLEncoding.DecodeString,
	} {
		if key, err := decode(text); err == nil && len(key) == keyBytes {
			return key, nil
		}
	}
	return nil, errors.New(`read master key: it is not 32 bytes in base64 or hexadecimal; make one with "openssl rand -base64 32"`)
}

// Seal encrypts a text for a name.
func (s *Sealer) Seal(name string, text []byte) []byte {
	aead := s.ciphers[0]
	out := make([]byte, 1+aead.NonceSize(), 1+aead.NonceSize()+len(text)+aead.Overhead())
	out[0] = sealVersion
	_, _ = rand.Read(out[1:]) // never fails
	return aead.Seal(out, out[1:], text, []byte(name))
}

// Open decrypts what Seal made for the name with one of the keys.
func (s *Sealer) Open(name string, sealed []byte) ([]byte, error) {
	if len(sealed) == 0 || sealed[0] != sealVersion {
		return nil, fmt.Errorf("open secret %s: it was sealed by another version", name)
	}
	for _, aead := range s.ciphers {
		if len(sealed) <= aead.NonceSize() {
			break
		}
		nonce, text := sealed[1:1+aead.NonceSize()], sealed[1+aead.NonceSize():]
		if plain, err := aead.Open(nil, nonce, text, []byte(name)); err == nil {
			return plain, nil
		}
	}
	return nil, fmt.Errorf("open secret %s: it was sealed with another master key, or is damaged", name)
}
