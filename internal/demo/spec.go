package demo

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"

	"github.com/aofctl/aofctl"
	"github.com/aofctl/aofctl/internal/markup"
	"github.com/aofctl/aofctl/internal/sandbox/confluence"
	"github.com/aofctl/aofctl/internal/sandbox/model"
)

// storiesPath is where the example lies among the files that the program has with it.
const storiesPath = "examples/spec-to-stories"

// specified: a page in Confluence becomes an epic and its stories.
func (s *stage) specified(ctx context.Context) error {
	s.title("5. Alice publishes a specification; its requirements become stories")
	before, err := model.Default()
	if err != nil {
		return err
	}
	defer s.sandbox.Model.SetRules(before)
	page, err := s.publish()
	if err != nil {
		return err
	}
	if _, err := s.follow(ctx, "page:"+page); err != nil {
		return err
	}
	now, _ := s.sandbox.Confluence.Page(page)
	s.say("  Confluence now has %q in %s, version %d, with a comment:\n", now.Title, now.Space, now.Version)
	for _, c := range now.Comments {
		text, _ := markup.StorageToMarkdown(c)
		s.say("    %s\n", strings.ReplaceAll(strings.TrimSpace(text), "\n", "\n    "))
	}
	made := 0
	for _, key := range s.sandbox.Jira.Keys() {
		if i, _ := s.sandbox.Jira.Issue(key); len(i.RemoteLinks) == 1 {
			made++
		}
	}
	if len(now.Comments) != 1 || made != 9 {
		return fmt.Errorf("the page has %d comments and %d issues, want 1 and 9", len(now.Comments), made)
	}
	return s.story("REQ-1")
}

// publish lets Alice publish the page of the example.
func (s *stage) publish() (string, error) {
	rules, err := aofctl.Stories.ReadFile(storiesPath + "/model.rules.yaml")
	if err != nil {
		return "", err
	}
	read, err := model.Parse(rules)
	if err != nil {
		return "", err
	}
	s.sandbox.Model.SetRules(read)
	raw, err := aofctl.Stories.ReadFile(storiesPath + "/page.json")
	if err != nil {
		return "", err
	}
	var page struct{ Space, Title, Body, Label string }
	if err := json.Unmarshal(raw, &page); err != nil {
		return "", fmt.Errorf("read page.json: %w", err)
	}
	alice := s.sandbox.Confluence.As("alice")
	id, err := alice.CreatePage(confluence.NewPage{Space: page.Space, Title: page.Title, Body: page.Body})
	if err != nil {
		return "", err
	}
	return id, alice.Label(id, page.Label)
}

// story shows the story of a requirement.
func (s *stage) story(id string) error {
	for _, key := range s.sandbox.Jira.Keys() {
		i, _ := s.sandbox.Jira.Issue(key)
		if !strings.HasPrefix(i.Summary, id+":") {
			continue
		}
		s.say("  Jira now has %s (%s): %s\n      %s\n", i.Key, i.Type, i.Summary, strings.ReplaceAll(strings.TrimSpace(i.Description), "\n", "\n      "))
		if !strings.Contains(i.Description, "within 60 seconds") {
			return fmt.Errorf("%s has no acceptance criteria of the page", i.Key)
		}
		s.say("  The model found the requirements; the acceptance criteria, the links and the list are code's\n")
		return nil
	}
	return fmt.Errorf("%s has no story", id)
}
