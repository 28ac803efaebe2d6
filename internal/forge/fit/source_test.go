package fit

import (
	"crypto/rsa"
	"fmt"
	"math/big"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"
)

func TestWhatAServerSaysOfTimeIsTakenWhereItIsSensible(t *testing.T) {
	for value, want := range map[string]time.Duration{
		"":                                 usualTTL,
		"public, max-age=600":              10 * time.Minute,
		"Max-Age=\"900\", must-revalidate": 15 * time.Minute,
		"max-age=300":                      5 * time.Minute,
		"max-age=299":                      usualTTL,
		"max-age=86400":                    24 * time.Hour,
		"max-age=86401":                    usualTTL,
		"max-age=-1":                       usualTTL,
		"max-age=99999999999999999999":     usualTTL,
		"s-maxage=900":                     usualTTL,
		"no-store":                         usualTTL,
	} {
		if got := ttlOf(http.Header{"Cache-Control": {value}}); got != want {
			t.Errorf("%q: %s", value, got)
		}
	}
}

// altered is our key with one member changed.
func altered(before, after string) string {
	return strings.Replace(keyJSON(kid, &ourKey().PublicKey), before, after, 1)
}

func TestOnlyKeysThatForgeCanHaveSignedWithAreTaken(t *testing.T) {
	even := rsa.PublicKey{N: new(big.Int).Sub(ourKey().N, big.NewInt(1)), E: ourKey().E}
	wide := rsa.PublicKey{N: new(big.Int).SetBit(big.NewInt(1), maxBits+1, 1), E: ourKey().E}
	three := rsa.PublicKey{N: ourKey().N, E: 3}
	for name, key := range map[string]string{
		"too small":              keyJSON(kid, &smallKey().PublicKey),
		"too large":              keyJSON(kid, &wide),
		"even":                   keyJSON(kid, &even),
		"small exponent":         keyJSON(kid, &three),
		"even exponent":          altered(`"AQAB"`, `"AQAC"`),
		"exponent beyond an int": altered(`"AQAB"`, `"AQABAQABAQAB"`),
		"for encryption":         altered(`"sig"`, `"enc"`),
		"of another algorithm":   altered(`"RS256"`, `"PS256"`),
		"of another kind":        altered(`"RSA"`, `"EC"`),
		"symmetric":              `{"kty":"oct","alg":"HS256","kid":"` + kid + `","k":"c2VjcmV0"}`,
		"for signing alone":      altered(`"use":"sig"`, `"key_ops":["sign"]`),
		"without a name":         altered(`"kid":"`+kid+`",`, ""),
		"of another name":        altered(keyPrefix, "other/"),
		"no numbers":             altered(`"n":"`, `"n":"!`),
		"a text":                 `"key"`,
		"null":                   `null`,
	} {
		if keys, err := readKeys([]byte(keysJSON(key))); err == nil {
			t.Errorf("a key %s was taken: %v", name, keys)
		}
		keys, err := readKeys([]byte(keysJSON(key, keyJSON(otherKid, &ourKey().PublicKey))))
		if err != nil || len(keys) != 1 || keys[otherKid] == nil {
			t.Errorf("a key %s is in another's way: %v", name, err)
		}
	}
	if keys, err := readKeys([]byte(keysJSON(altered(`"use":"sig","alg":"RS256",`, `"key_ops":["verify"],`)))); err != nil || keys[kid] == nil {
		t.Errorf("a key that says little: %v", err)
	}
}

func TestTheFirstOfTwoKeysWithOneNameCounts(t *testing.T) {
	keys, err := readKeys([]byte(keysJSON(keyJSON(kid, &ourKey().PublicKey), keyJSON(kid, &theirKey().PublicKey))))
	if err != nil || !keys[kid].Equal(&ourKey().PublicKey) {
		t.Error(err)
	}
}

// serve answers by handler over real connections, and fetches once.
func serve(t *testing.T, handler http.HandlerFunc) (*keyset, error) {
	t.Helper()
	server := httptest.NewServer(handler)
	defer server.Close()
	carrier := &http.Transport{}
	defer carrier.CloseIdleConnections()
	return newSource(server.URL+"/jwks.json", carrier).fetch(time.Now())
}

func TestAnswersThatAreNoKeysAreRefused(t *testing.T) {
	good := keysJSON(keyJSON(kid, &ourKey().PublicKey))
	for name, handler := range map[string]http.HandlerFunc{
		"not found":  http.NotFound,
		"no content": func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusNoContent) },
		"a page":     func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write([]byte("<html>")) },
		"no keys":    func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write([]byte(`{"keys":[]}`)) },
		"too large": func(w http.ResponseWriter, _ *http.Request) {
			_, _ = w.Write([]byte(good + strings.Repeat(" ", maxKeysBytes)))
		},
		"cut off": func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Length", "9999")
			_, _ = w.Write([]byte(good))
		},
		"going in ring": func(w http.ResponseWriter, r *http.Request) { http.Redirect(w, r, "/jwks.json", http.StatusFound) },
	} {
		if set, err := serve(t, handler); err == nil {
			t.Errorf("%s: got %v", name, set.keys)
		}
	}
}

func TestKeysMayMoveWithinTheirHost(t *testing.T) {
	set, err := serve(t, func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path != "/new.json" {
			http.Redirect(w, r, "/new.json", http.StatusMovedPermanently)
			return
		}
		w.Header().Set("Cache-Control", "max-age=1200")
		_, _ = fmt.Fprint(w, keysJSON(keyJSON(kid, &ourKey().PublicKey)))
	})
	if err != nil || set.keys[kid] == nil || set.ttl != 20*time.Minute {
		t.Errorf("%v %+v", err, set)
	}
}

func TestKeysOfAnotherHostAreNotTaken(t *testing.T) {
	other := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { t.Error("the other host was asked") }))
	defer other.Close()
	redirect := func(w http.ResponseWriter, r *http.Request) {
		http.Redirect(w, r, other.URL+"/jwks.json", http.StatusFound)
	}
	if set, err := serve(t, redirect); err == nil {
		t.Errorf("got %v", set.keys)
	}
}
