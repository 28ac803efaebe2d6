package app

import (
	"testing"

	"github.com/aofctl/aofctl/internal/manifest"
	"github.com/aofctl/aofctl/internal/webhook"
)

func TestTokensAreTakenOnlyWhereASiteHasOne(t *testing.T) {
	sites := &sites{list: []*site{
		{config: manifest.JiraSite{Name: "a"}, secrets: []webhook.NamedSecret{{Name: "SECRET", Value: "s"}}, tokens: []webhook.NamedSecret{{Name: "TOKEN", Value: "t"}}},
		{config: manifest.JiraSite{Name: "b"}, secrets: []webhook.NamedSecret{{Name: "OTHER", Value: "o"}}},
	}}
	got := map[string]string{}
	for _, source := range sites.sources(func(string) []webhook.NamedSecret { return nil }) {
		tokens := ""
		if source.Tokens != nil {
			tokens = source.Tokens()[0].Name
		}
		got[source.Site] = source.Secrets()[0].Name + " " + tokens
	}
	for site, want := range map[string]string{"": "SECRET TOKEN", "a": "SECRET TOKEN", "b": "OTHER "} {
		if got[site] != want {
			t.Errorf("site %q takes %q, want %q", site, got[site], want)
		}
	}
}
