package injection_test

import (
	"testing"

	"github.com/aofctl/aofctl/internal/injection"
)

func TestTheCorpusHasHundredsOfDifferentAttacksOfAllKinds(t *testing.T) {
	list, err := injection.All()
	if err != nil {
		t.Fatal(err)
	}
	texts, names, families, intents := map[string]bool{}, map[string]bool{}, map[string]int{}, map[string]int{}
	for _, a := range list {
		if a.Text == "" || texts[a.Text] || names[a.Name] {
			t.Errorf("%s: %q is empty or there twice", a.Name, a.Text)
		}
		texts[a.Text], names[a.Name] = true, true
		families[a.Family]++
		intents[a.Intent]++
	}
	if len(list) < 400 || len(families) < 15 || len(intents) < 10 || len(injection.Wrappers()) < 7 {
		t.Errorf("%d attacks of %d families and %d intents, %d wrappers", len(list), len(families), len(intents), len(injection.Wrappers()))
	}
	t.Logf("%d attacks, families %v, intents %v", len(list), families, intents)
}
