package signin

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestListsOfTokensAreRead(t *testing.T) {
	for list, want := range map[string][]Token{
		"":                                   nil,
		"\n , \r\n":                          nil,
		"ci=abc":                             {{"ci", "abc"}},
		"ci=abc,bot=def":                     {{"ci", "abc"}, {"bot", "def"}},
		" ci = abc \r\n\r\nbot=de=f==\n":     {{"ci", "abc"}, {"bot", "de=f=="}},
		"a.b-c_D9=" + strings.Repeat("x", 9): {{"a.b-c_D9", "xxxxxxxxx"}},
	} {
		got, err := ParseTokens(list)
		if diff := cmp.Diff(want, got); err != nil || diff != "" {
			t.Errorf("%q: %v %s", list, err, diff)
		}
	}
}

func TestListsOfTokensThatCannotBeAreRefusedWithoutShowingThem(t *testing.T) {
	for list, want := range map[string]string{
		"canary":                            "entry 1",
		"ci=abc\ncanary":                    "entry 2",
		"=canary":                           "a name has",
		"c i=canary":                        "a name has",
		"ci=":                               `that of "ci" is empty`,
		"ci=canary canary":                  `that of "ci" has characters`,
		"ci=canaryé":                        `that of "ci" has characters`,
		"ci=canary,ci=other":                `"ci" has one already`,
		"ci=canary,bot=canary":              `"ci" and "bot" have the same`,
		"ci=" + jwt("canary"):               "JSON Web Token",
		strings.Repeat("n", 65) + "=canary": "a name has",
	} {
		_, err := ParseTokens(list)
		if err == nil || !strings.Contains(err.Error(), want) || strings.Contains(err.Error(), "canary") {
			t.Errorf("%q: %v", list, err)
		}
		if _, err := New(Config{Tokens: []Token{{"", "canary"}}}); err == nil || strings.Contains(err.Error(), "canary") {
			t.Errorf("a token without a name: %v", err)
		}
	}
}

func TestAListedTokenDoesNotShowItself(t *testing.T) {
	token := Token{"ci", "canary"}
	if text := fmt.Sprintf("%v %+v %#v %s %v", token, token, token, token, []Token{token}); strings.Contains(text, "canary") {
		t.Error(text)
	}
}

// FuzzParseTokens: what is read can be sent, is known again, and belongs to one.
func FuzzParseTokens(f *testing.F) {
	for _, seed := range []string{"ci=abc,bot=def", "a=b\r\nc=d", "=", ",,=,", "a=e30.e30"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, list string) {
		tokens, err := ParseTokens(list)
		if err != nil {
			return
		}
		s, err := New(Config{Tokens: tokens})
		if err != nil {
			t.Fatal(err)
		}
		for _, token := range tokens {
			_, caller, err := s.Authenticate(request(t, "Authorization", "Bearer "+token.Secret))
			if err != nil || caller.Installation != "token:"+token.Name || caller.Jira || caller.Account != "" {
				t.Errorf("%q: %v %+v", list, err, caller)
			}
		}
	})
}
