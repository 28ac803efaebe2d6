package confluence_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/aofctl/aofctl/internal/atlassian/confluence"
)

func addresses() map[string]confluence.PageRef {
	return map[string]confluence.PageRef{
		"123456": {ID: "123456"},
		" 42 ":   {ID: "42"},
		"https://x.atlassian.net/wiki/spaces/DOC/pages/123456/A+title":             {ID: "123456", SpaceKey: "DOC"},
		"https://x.atlassian.net/wiki/spaces/DOC/pages/42/2026":                    {ID: "42", SpaceKey: "DOC"},
		"https://x.atlassian.net/wiki/spaces/~abc/pages/edit-v2/77":                {ID: "77", SpaceKey: "~abc"},
		"https://x.atlassian.net/wiki/spaces/%7Eabc/pages/77?focusedCommentId=5#x": {ID: "77", SpaceKey: "~abc"},
		"https://x.atlassian.net/wiki/spaces/DOC/blog/2026/01/02/99/Post":          {ID: "99", SpaceKey: "DOC"},
		"https://c.example.com/pages/viewpage.action?pageId=55":                    {ID: "55"},
		"http://c.example.com/confluence/display/DOC/Road+map+%28Q1%29":            {SpaceKey: "DOC", Title: "Road map (Q1)"},
		"https://x.atlassian.net/wiki/pages/resumedraft.action?draftId=8":          {ID: "8"},
		"https://x.atlassian.net/wiki/spaces/DOC/overview?homepageId=98":           {ID: "98"},
		"https://confluence.atlassian.com/x/_AozKw":                                {ID: "724765432"},
		"https://x.atlassian.net/wiki/x/AQ":                                        {ID: "1"},
		"https://c.example.com/spaces/DOC/pages/131074/Road+map":                   {ID: "131074", SpaceKey: "DOC"},
		"https://c.example.com/display/DOC/2026/01/02/Release+news":                {SpaceKey: "DOC", Title: "Release news"},
		"https://c.example.com/display/~jane/Notes?focusedCommentId=3":             {SpaceKey: "~jane", Title: "Notes"},
		"https://c.example.com/rest/api/content/44?expand=body":                    {ID: "44"},
		"https://x.atlassian.net/wiki/api/v2/pages/45/labels":                      {ID: "45"},
	}
}

func TestAddressesOfPagesAreRead(t *testing.T) {
	for raw, want := range addresses() {
		got, found := confluence.ReadPageURL(raw)
		if diff := cmp.Diff(want, got); diff != "" || !found {
			t.Errorf("%s: %v %s", raw, found, diff)
		}
	}
	for _, raw := range []string{
		"", "page", "DOC", "12a", "https://x.atlassian.net/wiki/x/", "https://x.atlassian.net/wiki/x/A", "https://x.atlassian.net/wiki/x/a*b", "https://x.atlassian.net/wiki/x/AAAAAAAAAAAAAA", "https://x.atlassian.net/wiki/spaces/DOC/overview", "ftp://x/spaces/D/pages/1",
		"https://c.example.com/display/DOC", "https://c.example.com/display/DOC/%zz", "12345678901234567890", "https://c.example.com/pages/viewpage.action?pageId=x",
	} {
		if got, found := confluence.ReadPageURL(raw); found {
			t.Errorf("%q is %+v", raw, got)
		}
	}
}

func FuzzReadPageURL(f *testing.F) {
	for raw := range addresses() {
		f.Add(raw)
	}
	f.Fuzz(func(t *testing.T, raw string) {
		got, found := confluence.ReadPageURL(raw)
		if found && got.ID == "" && (got.SpaceKey == "" || got.Title == "") {
			t.Errorf("%q names nothing: %+v", raw, got)
		}
	})
}
