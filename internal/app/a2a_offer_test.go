package app

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/aofctl/aofctl/internal/a2a"
	"github.com/aofctl/aofctl/internal/manifest"
)

func offering(public bool) *offers {
	cat := &manifest.Catalog{
		Agents: map[string]*manifest.Agent{
			"triager": {Meta: manifest.Meta{Name: "triager", Revision: "0123456789abcdef"}, Description: "Sorts bugs.", Tools: []string{"jira_get_issue"}},
			"hidden":  {Meta: manifest.Meta{Name: "hidden"}},
		},
		Fleets: map[string]*manifest.Fleet{"sprint": {Meta: manifest.Meta{Name: "sprint"}, Description: "Plans."}},
	}
	config := manifest.A2A{Public: public, Agents: []string{"triager", "sprint"}, DefaultAgent: "triager", Push: true}
	return &offers{config: config, daemon: &manifest.Daemon{A2A: &config}, base: func() string { return "https://agents.example.com" },
		catalog: func() *manifest.Catalog { return cat }, pushes: true, now: time.Now}
}

func TestTheCardOfAnAgentTellsStrangersLittle(t *testing.T) {
	o := offering(false)
	c, found := o.Card("")
	if !found || c.Name != "triager" || c.URL != "https://agents.example.com/a2a/json-rpc" || c.Version != "0123456789ab" || !c.Extended || !c.Push {
		t.Errorf("the default card is %+v", c)
	}
	if slices.Contains(c.Skills[0].Tags, "jira_get_issue") || len(c.Skills) != 1 {
		t.Errorf("strangers are told of %+v", c.Skills)
	}
	if c, found = o.Card("sprint"); !found || c.URL != "https://agents.example.com/a2a/sprint/json-rpc" {
		t.Errorf("the fleet's card is %+v", c)
	}
	if _, found = o.Card("hidden"); found {
		t.Error("an agent that is not offered has a card")
	}
}

func TestWhoHasSignedInMayKnowTheToolsAndTheOthers(t *testing.T) {
	c, found := offering(false).Extended(t.Context(), a2a.Call{})
	if !found || !slices.Contains(c.Skills[0].Tags, "jira_get_issue") {
		t.Fatalf("the extended card is %+v", c)
	}
	if len(c.Skills) != 2 || c.Skills[1].ID != "sprint" || !strings.Contains(c.Skills[1].Description, "https://agents.example.com/a2a/sprint/json-rpc") {
		t.Errorf("the others are %+v", c.Skills[1:])
	}
	if _, found := offering(true).Extended(t.Context(), a2a.Call{}); found {
		t.Error("where nobody signs in there is more to know")
	}
}
