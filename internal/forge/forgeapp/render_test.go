package forgeapp_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"gopkg.in/yaml.v3"

	"github.com/aofctl/aofctl/internal/forge/forgeapp"
)

func decoded(t *testing.T, text []byte) forgeapp.Manifest {
	t.Helper()
	var m forgeapp.Manifest
	if err := yaml.Unmarshal(text, &m); err != nil {
		t.Fatalf("%v:\n%s", err, text)
	}
	return m
}

func TestYAMLReadsAsWhatWasWritten(t *testing.T) {
	m, _ := forgeapp.Build(atTheLimits())
	text, err := m.YAML()
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(m, decoded(t, text)); diff != "" {
		t.Errorf("(-written +read):\n%s", diff)
	}
}

func TestYAMLExplainsItself(t *testing.T) {
	in := input()
	for id, want := range map[string]string{
		in.AppID: "# The app's id, which forge register gives",
		"":       "# A placeholder: forge register puts the app's id here.",
	} {
		in.AppID = id
		m, _ := forgeapp.Build(in)
		text, err := m.YAML()
		if err != nil {
			t.Fatal(err)
		}
		for _, line := range []string{want, "# Made by: aofctl forge manifest", "# What administrators consent to", "# Where administrators choose agents", "# The addresses of the daemon."} {
			if !strings.Contains(string(text), line) {
				t.Errorf("no comment %q in\n%s", line, text)
			}
		}
	}
}

func TestYAMLIsTheSameEachTime(t *testing.T) {
	m, _ := forgeapp.Build(atTheLimits())
	first, err := m.YAML()
	if err != nil {
		t.Fatal(err)
	}
	for range 5 {
		again, err := m.YAML()
		if diff := cmp.Diff(string(first), string(again)); diff != "" || err != nil {
			t.Fatalf("%v %s", err, diff)
		}
	}
}
