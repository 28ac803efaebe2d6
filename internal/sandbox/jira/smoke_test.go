package jira

import "testing"

func TestNew(t *testing.T) {
	s, err := New(Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	key, err := s.As("alice").CreateIssue(NewIssue{Project: "PROJ", Summary: "x", Fields: map[string]any{"customfield_10016": 3}})
	if err != nil || key != "PROJ-1" {
		t.Fatal(key, err)
	}
}
