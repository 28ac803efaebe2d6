package manifest

import (
	"maps"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func offering() *Catalog {
	return &Catalog{
		Agents: map[string]*Agent{"triager": {Meta: Meta{Name: "triager"}, Description: "sorts bugs"}, "writer": {}},
		Fleets: map[string]*Fleet{"sprint": {}, "triager": {}},
		Flows:  map[string]*Flow{"escalate": {}},
	}
}

func TestWhatIsOfferedToCallers(t *testing.T) {
	cases := map[string]struct {
		patterns []string
		want     []string
	}{
		"all agents, without a list":           {nil, []string{"agent/triager", "agent/writer"}},
		"what is named, whatever its kind":     {[]string{"sprint", "escalate"}, []string{"fleet/sprint", "flow/escalate"}},
		"an agent before a fleet of that name": {[]string{"t*"}, []string{"agent/triager"}},
		"everything":                           {[]string{"*"}, []string{"agent/triager", "agent/writer", "fleet/sprint", "flow/escalate"}},
		"nothing":                              {[]string{"nobody"}, nil},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			var got []string
			for offer := range maps.Values((&A2A{Agents: c.patterns}).Offered(offering())) {
				got = append(got, offer.Target.String())
			}
			slices.Sort(got)
			if diff := cmp.Diff(c.want, got); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestWhoAnswersAtTheAddressThatNamesNobody(t *testing.T) {
	two := map[string]Offer{"a": {}, "b": {}}
	cases := map[string]struct {
		named, runtime string
		offered        map[string]Offer
		want           string
	}{
		"whom the platform names":                       {"b", "a", two, "b"},
		"whom the runtime names":                        {"", "a", two, "a"},
		"the only one":                                  {"", "", map[string]Offer{"a": {}}, "a"},
		"nobody, of several":                            {"", "", two, ""},
		"nobody, if the platform names somebody absent": {"c", "", map[string]Offer{"a": {}}, ""},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			if got := (&A2A{DefaultAgent: c.named}).Default(c.offered, c.runtime); got != c.want {
				t.Errorf("got %q, want %q", got, c.want)
			}
		})
	}
}

func TestAnOfferThatLeadsNowhereIsTold(t *testing.T) {
	path := filepath.Join(t.TempDir(), "daemon.yaml")
	text := "kind: DaemonConfig\nspec:\n  platforms:\n    a2a:\n      public: true\n      agents: [triagr, writer]\n      default_agent: sprint\n"
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	d, err := LoadDaemon(path, func(string) (string, bool) { return "", false })
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, p := range d.Check(offering()) {
		got = append(got, p.Message)
	}
	want := []string{
		`nothing is offered: there is no agent, fleet or flow "triagr" (did you mean "triager"?)`,
		`the default agent "sprint" is not offered`,
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}
