package jira

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"net/url"
	"strings"
	"time"

	"github.com/aofctl/aofctl/internal/atlassian/jira"
	"github.com/aofctl/aofctl/internal/tool"
)

func (t *Tools) getRemoteLinks() tool.Tool {
	return handler[issueArgs]{
		tools: t,
		spec: spec("jira_get_remote_links", tool.Read, "List the links of an issue to pages elsewhere.",
			`{"type":"object","properties":{"issue_key":{"type":"string"}},"required":["issue_key"]}`),
		keys: func(a issueArgs) []Key { return []Key{a.Issue} },
		run: func(ctx context.Context, j job, a issueArgs) (tool.Result, error) {
			text, err := j.remoteLinks(ctx, a.Issue)
			return tool.Result{Text: text}, err
		},
	}
}

func (j job) remoteLinks(ctx context.Context, key Key) (string, error) {
	links, err := j.client.RemoteLinks(ctx, key.String())
	if err != nil {
		return "", err
	}
	rows := make([]string, 0, len(links))
	for _, l := range links {
		rows = append(rows, row(l.Object.Title, l.Object.URL, l.Relationship))
	}
	return entries("remote links (title | url | relationship)", rows, 0, 0), nil
}

type remoteLinkArgs struct {
	Issue        Key    `json:"issue_key"`
	URL          string `json:"url"`
	Title        string `json:"title"`
	Relationship string `json:"relationship"`
}

func (t *Tools) addRemoteLink() tool.Tool {
	return handler[remoteLinkArgs]{
		tools: t,
		spec: spec("jira_add_remote_link", tool.Write, "Link an issue to a page elsewhere, as of Confluence or a pull request.", `{"type":"object","properties":{
"issue_key":{"type":"string"},
"url":{"type":"string"},
"title":{"type":"string"},
"relationship":{"type":"string","description":"e.g. mentioned in"}},
"required":["issue_key","url","title"]}`, "jira_create_remote_issue_link"),
		keys: func(a remoteLinkArgs) []Key { return []Key{a.Issue} },
		run:  runAddRemoteLink,
	}
}

// runAddRemoteLink names the link by its address, so that Jira itself takes a
// repeat for a change of the same link.
func runAddRemoteLink(ctx context.Context, j job, a remoteLinkArgs) (tool.Result, error) {
	link, err := a.link()
	if err != nil {
		return tool.Result{}, err
	}
	key, already := a.Issue.String(), false
	_, err = j.once(ctx, j.call.ID, tool.Action{
		Kind: "remote link", Target: key, Repeatable: true,
		Find: func(ctx context.Context, _ time.Time) (string, bool, error) {
			have, err := j.remoteLinkTo(ctx, key, link.Object.URL)
			return link.Object.URL, err == nil && says(have, link), err
		},
		Send: func(ctx context.Context) (string, error) {
			have, err := j.remoteLinkTo(ctx, key, link.Object.URL)
			if err != nil {
				return "", err
			}
			// A link to this address that somebody else made is kept.
			if already = says(have, link) || (have != nil && have.GlobalID == ""); already {
				return link.Object.URL, nil
			}
			if have != nil {
				link.GlobalID = have.GlobalID
			}
			_, err = j.client.PutRemoteLink(ctx, key, link)
			return link.Object.URL, err
		},
	})
	if err != nil {
		return tool.Result{}, err
	}
	if already {
		return ack("%s is linked to %s already; nothing was changed.", key, link.Object.URL)
	}
	return ack("Linked %s to %s.", key, link.Object.URL)
}

// link makes the link, with a name made of its address; Jira takes 255 characters.
func (a remoteLinkArgs) link() (jira.RemoteLink, error) {
	address := strings.TrimSpace(a.URL)
	u, err := url.Parse(address)
	if err != nil || (u.Scheme != "https" && u.Scheme != "http") || u.Host == "" || u.User != nil {
		return jira.RemoteLink{}, refuse("%q is not an http or https address", shorten(a.URL, 200))
	}
	title := line(a.Title)
	switch {
	case title == "":
		return jira.RemoteLink{}, refuse("title is empty")
	case length(title) > 255:
		return jira.RemoteLink{}, refuse("title has %d characters, at most 255 are possible", length(title))
	case length(address) > 2000:
		return jira.RemoteLink{}, refuse("the address has %d characters, at most 2000 are possible", length(address))
	}
	return jira.RemoteLink{
		GlobalID: globalID(address), Relationship: line(a.Relationship),
		Object: jira.RemoteObject{URL: address, Title: title},
	}, nil
}

func (j job) remoteLinkTo(ctx context.Context, key, address string) (*jira.RemoteLink, error) {
	links, err := j.client.RemoteLinks(ctx, key)
	if err != nil {
		return nil, err
	}
	for _, l := range links {
		if l.Object.URL == address {
			return &l, nil
		}
	}
	return nil, nil
}

// globalID names a link to an address. A long address is named by its hash.
func globalID(address string) string {
	const most = 200
	if len(address) <= most {
		return "aofctl=" + address
	}
	sum := sha256.Sum256([]byte(address))
	return "aofctl=" + hex.EncodeToString(sum[:])
}

// says reports whether a link says what another would.
func says(have *jira.RemoteLink, want jira.RemoteLink) bool {
	return have != nil && have.Object.Title == want.Object.Title && (want.Relationship == "" || have.Relationship == want.Relationship)
}
