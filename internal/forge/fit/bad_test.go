package fit

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/hmac"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/sha512"
	"crypto/x509"
	"encoding/base64"
	"encoding/pem"
	"errors"
	"net/http"
	"strings"
	"testing"
)

// bad is a token that must be refused, for the reason that is looked at first.
type badToken struct {
	name, token string
	want        Reason
	// fetches says that the token looks good enough to ask for keys.
	fetches bool
}

// raw makes a token of a header and the signature that sign makes.
func raw(head, claims string, sign func(text []byte) []byte) string {
	text := b64([]byte(head)) + "." + b64([]byte(claims))
	return text + "." + b64(sign([]byte(text)))
}

func algHeader(alg string) string {
	return `{"alg":"` + alg + `","typ":"JWT","kid":"` + kid + `"}`
}

func hs256(key []byte) func([]byte) []byte {
	return func(text []byte) []byte {
		mac := hmac.New(sha256.New, key)
		mac.Write(text)
		return mac.Sum(nil)
	}
}

func pss(text []byte) []byte {
	sum := sha256.Sum256(text)
	sig, err := rsa.SignPSS(rand.Reader, ourKey(), crypto.SHA256, sum[:], nil)
	if err != nil {
		panic(err)
	}
	return sig
}

func rs512(text []byte) []byte {
	sum := sha512.Sum512(text)
	sig, err := rsa.SignPKCS1v15(rand.Reader, ourKey(), crypto.SHA512, sum[:])
	if err != nil {
		panic(err)
	}
	return sig
}

func es256(text []byte) []byte {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		panic(err)
	}
	sum := sha256.Sum256(text)
	r, s, err := ecdsa.Sign(rand.Reader, key, sum[:])
	if err != nil {
		panic(err)
	}
	sig := make([]byte, 64)
	r.FillBytes(sig[:32])
	s.FillBytes(sig[32:])
	return sig
}

func nothing([]byte) []byte { return nil }

// publicPEM is what a careless verifier would take for the secret of HS256.
func publicPEM() []byte {
	der, err := x509.MarshalPKIXPublicKey(&ourKey().PublicKey)
	if err != nil {
		panic(err)
	}
	return pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: der})
}

func headed(member string) string {
	return signed(ourKey(), `{"alg":"RS256","kid":"`+kid+`",`+member+`}`, fixture)
}

func badSignatures() []badToken {
	good := token()
	head, rest, _ := strings.Cut(good, ".")
	claims, sig, _ := strings.Cut(rest, ".")
	theirs := keyJSON(kid, &theirKey().PublicKey)
	flipped := []byte(sig)
	flipped[10] = map[bool]byte{true: 'B', false: 'A'}[sig[10] == 'A']
	return []badToken{
		{"alg none", raw(algHeader("none"), fixture, nothing), Algorithm, false},
		{"alg None", raw(algHeader("None"), fixture, nothing), Algorithm, false},
		{"alg none with a good signature", signed(ourKey(), algHeader("none"), fixture), Algorithm, false},
		{"alg empty", raw(algHeader(""), fixture, nothing), Algorithm, false},
		{"alg missing", signed(ourKey(), `{"typ":"JWT","kid":"`+kid+`"}`, fixture), Algorithm, false},
		{"alg in another case", signed(ourKey(), algHeader("rs256"), fixture), Algorithm, false},
		{"alg as a member in another case", signed(ourKey(), `{"ALG":"RS256","kid":"`+kid+`"}`, fixture), Algorithm, false},
		{"alg a list", signed(ourKey(), `{"alg":["RS256"],"kid":"`+kid+`"}`, fixture), Malformed, false},
		{"HS256 with the public key as PEM", raw(algHeader("HS256"), fixture, hs256(publicPEM())), Algorithm, false},
		{"HS256 with the modulus", raw(algHeader("HS256"), fixture, hs256(ourKey().N.Bytes())), Algorithm, false},
		{"HS256 with nothing", raw(algHeader("HS256"), fixture, hs256(nil)), Algorithm, false},
		{"HMAC under RS256", raw(algHeader("RS256"), fixture, hs256(publicPEM())), Signature, true},
		{"RS512", raw(algHeader("RS512"), fixture, rs512), Algorithm, false},
		{"RS512 under RS256", raw(algHeader("RS256"), fixture, rs512), Signature, true},
		{"PS256", raw(algHeader("PS256"), fixture, pss), Algorithm, false},
		{"PSS under RS256", raw(algHeader("RS256"), fixture, pss), Signature, true},
		{"ES256", raw(algHeader("ES256"), fixture, es256), Algorithm, false},
		{"ECDSA under RS256", raw(algHeader("RS256"), fixture, es256), Signature, true},
		{"signed by somebody else", signed(theirKey(), goodHeader(kid), fixture), Signature, true},
		{"signed by somebody else whose key comes along", signed(theirKey(), `{"alg":"RS256","kid":"`+kid+`","jwk":`+theirs+`}`, fixture), Header, false},
		{"no signature", head + "." + claims + ".", Signature, true},
		{"another token's signature", head + "." + claims + "." + sig[:len(sig)-4] + "AAAA", Signature, true},
		{"one bit of the signature", head + "." + claims + "." + string(flipped), Signature, true},
		{"other claims under a signature", head + "." + b64([]byte(with("principal", "somebody:else"))) + "." + sig, Signature, true},
		{"signature of zeros", head + "." + claims + "." + b64(make([]byte, 256)), Signature, true},
		{"signature of one", head + "." + claims + "." + b64(append(make([]byte, 255), 1)), Signature, true},
		{"signature too long", head + "." + claims + "." + sig + b64(make([]byte, 30)), Signature, true},
		{"RSA key of 1024 bits", signed(smallKey(), goodHeader(keyPrefix+"small"), fixture), UnknownKey, true},
		{"key that nobody published", signed(theirKey(), goodHeader(otherKid), fixture), UnknownKey, true},
	}
}

func badHeaders() []badToken {
	return []badToken{
		{"kid missing", signed(ourKey(), `{"alg":"RS256"}`, fixture), Header, false},
		{"kid empty", signed(ourKey(), goodHeader(""), fixture), Header, false},
		{"kid of another kind", signed(ourKey(), goodHeader("my-key"), fixture), Header, false},
		{"kid of a file", signed(ourKey(), goodHeader("../../dev/null"), fixture), Header, false},
		{"kid with the prefix alone", signed(ourKey(), goodHeader(keyPrefix), fixture), Header, false},
		{"kid endless", signed(ourKey(), goodHeader(keyPrefix+strings.Repeat("a", 300)), fixture), Header, false},
		{"kid a number", signed(ourKey(), `{"alg":"RS256","kid":1}`, fixture), Malformed, false},
		{"kid as a member in another case", signed(ourKey(), `{"alg":"RS256","Kid":"`+kid+`"}`, fixture), Header, false},
		{"jwk", headed(`"jwk":` + keyJSON(kid, &ourKey().PublicKey)), Header, false},
		{"jku", headed(`"jku":"https://evil.example/jwks.json"`), Header, false},
		{"x5u", headed(`"x5u":"https://evil.example/cert.pem"`), Header, false},
		{"x5c", headed(`"x5c":["MIIB"]`), Header, false},
		{"crit", headed(`"crit":["exp"],"exp":1`), Header, false},
		{"b64", headed(`"b64":false`), Header, false},
		{"zip", headed(`"zip":"DEF"`), Header, false},
		{"typ of another kind", headed(`"typ":"at+jwt"`), Header, false},
		{"typ a number", headed(`"typ":7`), Malformed, false},
		{"alg twice", signed(ourKey(), `{"alg":"none","alg":"RS256","kid":"`+kid+`"}`, fixture), Malformed, false},
		{"alg twice in two cases", signed(ourKey(), `{"Alg":"none","alg":"RS256","kid":"`+kid+`"}`, fixture), Malformed, false},
		{"kid twice", signed(ourKey(), `{"alg":"RS256","kid":"`+otherKid+`","kid":"`+kid+`"}`, fixture), Malformed, false},
		{"header a list", signed(ourKey(), `["RS256"]`, fixture), Malformed, false},
		{"header null", signed(ourKey(), `null`, fixture), Malformed, false},
		{"header with something behind", signed(ourKey(), goodHeader(kid)+`{}`, fixture), Malformed, false},
	}
}

func badForms() []badToken {
	good := token()
	head, rest, _ := strings.Cut(good, ".")
	claims, sig, _ := strings.Cut(rest, ".")
	padded := base64.URLEncoding.EncodeToString([]byte(fixture + " "))
	if !strings.HasSuffix(padded, "=") {
		padded = base64.URLEncoding.EncodeToString([]byte(fixture + "  "))
	}
	return []badToken{
		{"empty", "", Malformed, false},
		{"dots", "..", Malformed, false},
		{"one segment", head, Malformed, false},
		{"two segments", head + "." + claims, Malformed, false},
		{"four segments", good + ".", Malformed, false},
		{"five segments, as encrypted", good + ".a.b", Malformed, false},
		{"huge", signed(ourKey(), goodHeader(kid), with("pad", strings.Repeat("x", maxToken))), Malformed, false},
		{"thousands of dots", strings.Repeat(".", maxToken), Malformed, false},
		{"padding", head + "." + padded + "." + sig, Malformed, false},
		{"a line break", head + "." + claims + "\n." + sig, Malformed, false},
		{"base64 of the other alphabet", strings.Replace(good, sig, "+/"+sig[2:], 1), Malformed, false},
		{"signature with bits behind its end", good[:len(good)-1] + "_", Malformed, false},
		{"claims of half a byte", head + ".A." + sig, Malformed, false},
		{"claims null", signed(ourKey(), goodHeader(kid), "null"), Malformed, false},
		{"claims a list", signed(ourKey(), goodHeader(kid), "[]"), Malformed, false},
		{"claims a text", signed(ourKey(), goodHeader(kid), `"x"`), Malformed, false},
		{"claims without anything", signed(ourKey(), goodHeader(kid), `{}`), Issuer, false},
		{"claims cut off", signed(ourKey(), goodHeader(kid), fixture[:len(fixture)-1]), Malformed, false},
		{"claims with something behind", signed(ourKey(), goodHeader(kid), fixture+`{}`), Malformed, false},
		{"claims that are not UTF-8", signed(ourKey(), goodHeader(kid), strings.Replace(fixture, "commercial", "\xff", 1)), Malformed, false},
		{"claims nested deeply", signed(ourKey(), goodHeader(kid), `{"a":`+strings.Repeat("[", 2000)+strings.Repeat("]", 2000)+`}`), Malformed, false},
		{"claims with objects nested deeply", signed(ourKey(), goodHeader(kid), strings.Repeat(`{"a":`, 500)+"1"+strings.Repeat("}", 500)), Malformed, false},
		{"aud twice", signed(ourKey(), goodHeader(kid), `{"aud":"x",`+fixture[1:]), Malformed, false},
		{"principal twice in two cases", signed(ourKey(), goodHeader(kid), `{"Principal":"x",`+fixture[1:]), Malformed, false},
		{"iss twice, with a letter that folds", signed(ourKey(), goodHeader(kid), `{"iſs":"x",`+fixture[1:]), Malformed, false},
		{"cloudId twice within", signed(ourKey(), goodHeader(kid), strings.Replace(fixture, `"context":{`, `"context":{"cloudId":"x",`, 1)), Malformed, false},
		{"app a list", token("app", []string{"x"}), Malformed, false},
		{"principal an object", token("principal", map[string]any{"id": "x"}), Malformed, false},
	}
}

func badClaims() []badToken {
	env := "ari:cloud:ecosystem::environment/"
	jira := "https://api.atlassian.com/ex/jira/"
	return []badToken{
		{"iss of another", token("iss", "https://id.atlassian.com"), Issuer, false},
		{"iss missing", token("iss", nil), Issuer, false},
		{"iss with something behind", token("iss", issuer+"/"), Issuer, false},
		{"aud of another app", token("aud", "ari:cloud:ecosystem::app/"+otherUUID), Audience, false},
		{"aud missing", token("aud", nil), Audience, false},
		{"aud an empty list", token("aud", []string{}), Audience, false},
		{"aud with something behind", token("aud", appARI+"x"), Audience, false},
		{"aud a number", token("aud", 5), Malformed, false},
		{"app of another aud", token("app.id", "ari:cloud:ecosystem::app/"+otherUUID), Audience, false},
		{"app missing", token("app", nil), Audience, false},
		{"exp missing", token("exp", nil), Malformed, false},
		{"exp null", signed(ourKey(), goodHeader(kid), strings.Replace(fixture, `"exp":1700175174`, `"exp":null`, 1)), Malformed, false},
		{"exp beyond all numbers", token("exp", 1e300), Malformed, false},
		{"exp before 1970", token("exp", -1), Malformed, false},
		{"exp a word", token("exp", "never"), Malformed, false},
		{"expired", token("exp", issuedAt-4), Expired, false},
		{"nbf missing", token("nbf", nil), Malformed, false},
		{"not yet valid", token("nbf", issuedAt+7), NotYetValid, false},
		{"iat missing", token("iat", nil), Malformed, false},
		{"issued in the future", token("iat", issuedAt+7), NotYetValid, false},
		{"another tenant in the context", token("context.cloudId", otherUUID), Tenant, false},
		{"another tenant in the address", token("app.apiBaseUrl", jira+otherUUID), Tenant, false},
		{"API elsewhere", token("app.apiBaseUrl", "https://api.atlassian.com.evil.example/ex/jira/"+cloudID), Tenant, false},
		{"API behind a user", token("app.apiBaseUrl", "https://api.atlassian.com@evil.example/ex/jira/"+cloudID), Tenant, false},
		{"API with a user", token("app.apiBaseUrl", "https://evil@api.atlassian.com/ex/jira/"+cloudID), Tenant, false},
		{"API at another port", token("app.apiBaseUrl", "https://api.atlassian.com:8443/ex/jira/"+cloudID), Tenant, false},
		{"API without TLS", token("app.apiBaseUrl", "http://api.atlassian.com/ex/jira/"+cloudID), Tenant, false},
		{"API on this machine", token("app.apiBaseUrl", "http://127.0.0.1/ex/jira/"+cloudID), Tenant, false},
		{"API of another product", token("app.apiBaseUrl", "https://api.atlassian.com/ex/bitbucket/"+cloudID), Tenant, false},
		{"API with a way out", token("app.apiBaseUrl", jira+cloudID+"/../../x"), Tenant, false},
		{"API with a way out, escaped", token("app.apiBaseUrl", jira+"%2e%2e%2f"+cloudID), Tenant, false},
		{"API with a query", token("app.apiBaseUrl", jira+cloudID+"?x=1"), Tenant, false},
		{"API without a site", token("app.apiBaseUrl", jira), Tenant, false},
		{"API missing", token("app.apiBaseUrl", nil), Tenant, false},
		{"installation missing", token("app.installationId", nil, "app.installation", nil), Tenant, false},
		{"two installations", token("app.installation.id", "ari:cloud:ecosystem::installation/"+otherUUID), Tenant, false},
		{"installation of another kind", token("app.installationId", appARI), Tenant, false},
		{"installation that is no UUID", token("app.installationId", "1", "app.installation", nil), Tenant, false},
		{"another environment", token("app.environment.id", env+appUUID+"/"+otherUUID, "app.environment.type", "DEVELOPMENT"), Deployment, false},
		{"environment of another app", token("app.environment.id", env+otherUUID+"/"+environmentUUID), Deployment, false},
		{"environment missing", token("app.environment", nil), Deployment, false},
		{"another module", token("app.module.key", "lifecycle-endpoint"), Route, false},
		{"module missing", token("app.module", nil), Route, false},
		{"icLabel", token("icLabel", "isolated-1"), Isolated, false},
		{"icLabel of the app", token("app.icLabel", "isolated-1"), Isolated, false},
		{"icLabel of the context", token("context.icLabel", "isolated-1"), Isolated, false},
		{"icLabel an object", token("icLabel", map[string]any{}), Isolated, false},
		{"account with a line break", token("principal", "a\nb"), Malformed, false},
		{"account endless", token("principal", strings.Repeat("a", 129)), Malformed, false},
		{"account in letters that look alike", token("principal", "аccount"), Malformed, false},
	}
}

func TestBadTokensAreRefused(t *testing.T) {
	all := append(append(append(badSignatures(), badHeaders()...), badForms()...), badClaims()...)
	for _, tt := range all {
		t.Run(tt.name, func(t *testing.T) {
			v, server := verifier(t, func(c *Config) { c.Environments = []string{"PRODUCTION"} })
			claims, err := v.Verify(t.Context(), tt.token, endpointKey)
			var wrong *Error
			if !errors.As(err, &wrong) || wrong.Reason != tt.want {
				t.Fatalf("got %v, want %s", err, tt.want)
			}
			if claims.Installation != "" || claims.Account != "" {
				t.Errorf("its claims came out: %+v", claims)
			}
			if asked := len(server.requests()) > 0; asked != tt.fetches {
				t.Errorf("asked for keys: %v", asked)
			}
			r := Refuse(err)
			if r.Status != http.StatusUnauthorized || !strings.HasPrefix(r.Challenge, `Bearer error="invalid_token", error_description="`) ||
				strings.ContainsAny(r.Challenge, "\r\n\\") || strings.Count(r.Challenge, `"`) != 4 {
				t.Errorf("answered %d %s", r.Status, r.Challenge)
			}
		})
	}
	t.Logf("%d bad tokens", len(all))
}

func TestABadTokenDoesNotComeBackInWords(t *testing.T) {
	v, _ := verifier(t, nil)
	_, err := v.Verify(t.Context(), signed(ourKey(), goodHeader("canary-kid"), with("principal", "canary-account")))
	if err == nil || strings.Contains(err.Error(), "canary") {
		t.Error(err)
	}
}

func TestSizesUpToTheLimitAreTaken(t *testing.T) {
	v, _ := verifier(t, nil)
	fill := 0
	for ; len(token("pad", strings.Repeat("x", fill))) <= maxToken-8; fill += 4 {
		if fill == 0 {
			fill = (maxToken - len(token("pad", "")) - 16) * 3 / 4
		}
	}
	tok := token("pad", strings.Repeat("x", fill-4))
	if _, err := v.Verify(t.Context(), tok); err != nil || len(tok) < maxToken-16 {
		t.Errorf("%d bytes: %v", len(tok), err)
	}
}
