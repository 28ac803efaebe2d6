package atlassian

import (
	"net/http"
	"net/url"
	"testing"
)

func TestProxyRulesAreThoseOfTheSite(t *testing.T) {
	pick, err := proxyFunc(Config{HTTPProxy: "http://plain:1", HTTPSProxy: "secure:2", NoProxy: "direct.example,.corp.example"})
	if err != nil {
		t.Fatal(err)
	}
	for target, want := range map[string]string{
		"http://jira.example":        "http://plain:1",
		"https://jira.example":       "http://secure:2",
		"https://direct.example":     "",
		"https://jira.corp.example":  "",
		"https://corp.example.other": "http://secure:2",
		"http://localhost:8080":      "",
	} {
		u, err := url.Parse(target)
		if err != nil {
			t.Fatal(err)
		}
		got, err := pick(&http.Request{URL: u})
		if err != nil {
			t.Fatal(err)
		}
		text := ""
		if got != nil {
			text = got.String()
		}
		if text != want {
			t.Errorf("%s goes through %q, want %q", target, text, want)
		}
	}
}
