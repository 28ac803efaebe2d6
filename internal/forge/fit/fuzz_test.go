package fit

import (
	"encoding/json"
	"errors"
	"testing"
)

// FuzzVerify: whatever comes is refused for one of the reasons, and nothing but what
// our key signed is taken.
func FuzzVerify(f *testing.F) {
	good := token()
	f.Add(good)
	for _, list := range [][]badToken{badHeaders(), badForms(), badSignatures()[:6]} {
		for _, tt := range list {
			f.Add(tt.token)
		}
	}
	v, _ := verifier(f, nil)
	f.Fuzz(func(t *testing.T, text string) {
		_, err := v.Verify(t.Context(), text)
		var wrong *Error
		var keys *KeysError
		switch {
		case err == nil && text != good:
			t.Errorf("took %q", text)
		case err != nil && !errors.As(err, &wrong) && !errors.As(err, &keys):
			t.Errorf("%v", err)
		case err == nil && !Looks(text):
			t.Error("a good token does not look like one")
		}
	})
}

// FuzzClaims reads whatever comes as if it were signed: what is taken has all that
// others rely on.
func FuzzClaims(f *testing.F) {
	f.Add(fixture)
	for _, changes := range [][]any{{"aud", []string{appARI}}, {"principal", nil}, {"context", nil}, {"app.license", nil}, {"exp", 1e18}} {
		f.Add(with(changes...))
	}
	v, err := New(Config{AppID: appARI, Now: at(1)})
	if err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, claims string) {
		var b body
		if checkObject([]byte(claims)) != nil || json.Unmarshal([]byte(claims), &b) != nil {
			return
		}
		c, err := v.check(&b, nil)
		if err != nil {
			return
		}
		if c.AppID != appUUID || !isUUID(c.Installation) || !isUUID(c.Environment.ID) || !isCloudID(c.CloudID) ||
			c.APIBase != "https://api.atlassian.com/ex/jira/"+c.CloudID && c.APIBase != "https://api.stg.atlassian.com/ex/jira/"+c.CloudID {
			t.Errorf("took %s as %+v", claims, c)
		}
		if _, ok := AccountID(c.Account); !ok {
			t.Errorf("took the account %q", c.Account)
		}
	})
}

// FuzzKeys: no document is worse than an error, and no key is weak.
func FuzzKeys(f *testing.F) {
	f.Add([]byte(keysJSON(keyJSON(kid, &ourKey().PublicKey))))
	f.Add([]byte(`{"keys":[{"kty":"RSA","kid":"forge/invocation-token/x","n":"AQAB","e":"AQAB"}]}`))
	f.Add([]byte(`{"keys":[null,1,"x",[],{}]}`))
	f.Fuzz(func(t *testing.T, raw []byte) {
		keys, err := readKeys(raw)
		if err == nil && len(keys) == 0 {
			t.Error("no keys and no error")
		}
		for _, key := range keys {
			if bits := key.N.BitLen(); bits < minBits || bits > maxBits || key.E <= 1<<16 {
				t.Errorf("took a key of %d bits with the exponent %d", bits, key.E)
			}
		}
	})
}

func BenchmarkVerify(b *testing.B) {
	v, _ := verifier(b, nil)
	tok := token()
	b.ReportAllocs()
	for b.Loop() {
		if _, err := v.Verify(b.Context(), tok, endpointKey); err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkRefuse is what a token costs that somebody made up.
func BenchmarkRefuse(b *testing.B) {
	v, _ := verifier(b, nil)
	tok := token("exp", issuedAt-100)
	b.ReportAllocs()
	for b.Loop() {
		if _, err := v.Verify(b.Context(), tok, endpointKey); err == nil {
			b.Fatal("taken")
		}
	}
}
