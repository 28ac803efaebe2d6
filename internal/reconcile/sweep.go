package reconcile

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/rs/zerolog"

	"github.com/aofctl/aofctl/internal/atlassian"
	"github.com/aofctl/aofctl/internal/atlassian/jira"
)

// maxNamed is how many projects a search names; of more it asks for all that we
// see and leaves out those that are not allowed.
const maxNamed = 200

// hit is an issue that a search found.
type hit struct {
	id, key string
	updated time.Time
}

// Sweep looks once for changes whose webhooks did not come. It reports whether
// there is more to look at, for which it should be called again at once.
func (r *Reconciler) Sweep(ctx context.Context) (more bool, err error) {
	contact, err := r.cfg.Jira.Contact(ctx)
	if err != nil {
		return false, fmt.Errorf("ask Jira for its time: %w", err)
	}
	now := r.cfg.Now().Add(skew(contact))
	p, err := r.load(ctx)
	if err != nil {
		return false, err
	}
	if p.done.IsZero() {
		return false, r.begin(ctx, now)
	}
	w := r.window(p, now)
	if !w.lost.IsZero() {
		zerolog.Ctx(ctx).Warn().Str("jira", r.cfg.Title).Time("since", p.done).Time("until", w.lost).
			Msg("changes of this time are older than reconcile.lookback: those whose webhooks did not come stay unknown")
	}
	return r.sweep(ctx, w, now, contact.Cloud())
}

// skew is by how much Jira's clock is ahead of ours. Its date has whole seconds.
func skew(c jira.Contact) time.Duration {
	if c.Date.IsZero() {
		return 0
	}
	middle := c.Sent.Add(c.Received.Sub(c.Sent) / 2)
	if d := c.Date.Add(500 * time.Millisecond).Sub(middle); d.Abs() > 2*time.Second {
		return d
	}
	return 0
}

func (r *Reconciler) sweep(ctx context.Context, w window, now time.Time, cloud bool) (more bool, err error) {
	hits, err := r.search(ctx, w, now)
	if err != nil {
		return false, err
	}
	done, reads := w.until, 0
	for _, h := range hits {
		if at, ok := r.seen[h.id]; ok && at.Equal(h.updated) {
			continue
		}
		if reads++; reads > maxReads {
			done, more = earlier(h.updated, w.until), true
			break
		}
		if err := r.look(ctx, h, w, cloud); err != nil {
			return false, err
		}
		// What changed just now is looked at again: its webhook may be on its way.
		if !h.updated.After(w.until) {
			r.seen[h.id] = h.updated
		}
	}
	if len(hits) >= pageSize*maxPages && !more {
		done, more = earlier(hits[len(hits)-1].updated, w.until), true
	}
	for id, at := range r.seen {
		if at.Before(w.from.Add(-overlap)) {
			delete(r.seen, id)
		}
	}
	return more, r.cfg.Marks.Mark(ctx, donePrefix+r.cfg.Site, done)
}

func earlier(a, b time.Time) time.Time {
	if a.Before(b) {
		return a
	}
	return b
}

// search finds the issues that changed in the window, those that changed first
// first.
func (r *Reconciler) search(ctx context.Context, w window, now time.Time) ([]hit, error) {
	where, none, err := r.where(ctx)
	if err != nil || none {
		return nil, err
	}
	minutes := int(math.Ceil(now.Sub(w.from).Minutes())) + 1
	s := jira.Search{JQL: fmt.Sprintf("updated >= -%dm%s ORDER BY updated ASC", minutes, where), Fields: []string{"updated"}, Limit: pageSize}
	var hits []hit
	known := map[string]bool{}
	for range maxPages {
		found, err := r.cfg.Jira.Search(ctx, s)
		if err != nil {
			return nil, fmt.Errorf("search for changed issues: %w", err)
		}
		for _, issue := range found.Issues {
			if known[issue.ID] || !r.cfg.Allowed(projectOf(issue.Key)) {
				continue // a page may begin with what the one before ended with
			}
			known[issue.ID] = true
			hits = append(hits, hit{issue.ID, issue.Key, moment(issue.Fields["updated"])})
		}
		if found.Next == "" || len(found.Issues) == 0 {
			break
		}
		s.Page = found.Next
	}
	return slices.DeleteFunc(hits, func(h hit) bool { return h.updated.Before(w.from) }), nil
}

// where limits a search to the allowed projects that we see, and reports whether
// there are none: one that does not exist would make Jira refuse the search.
func (r *Reconciler) where(ctx context.Context) (clause string, none bool, err error) {
	keys, err := r.cfg.Jira.ProjectKeys(ctx)
	if err != nil {
		return "", false, fmt.Errorf("ask for projects: %w", err)
	}
	allowed := slices.DeleteFunc(slices.Clone(keys), func(key string) bool { return !r.cfg.Allowed(key) })
	switch {
	case len(allowed) == 0:
		return "", true, nil
	case len(allowed) == len(keys), len(allowed) > maxNamed:
		return "", false, nil
	}
	quoted := make([]string, len(allowed))
	for i, key := range allowed {
		quoted[i] = `"` + key + `"`
	}
	return " AND project in (" + strings.Join(quoted, ", ") + ")", false, nil
}

func projectOf(key string) string {
	if i := strings.LastIndexByte(key, '-'); i >= 0 {
		return key[:i]
	}
	return key
}

// read reads an issue with its history and comments. It is nil if it is gone, or
// not ours to see.
func (r *Reconciler) read(ctx context.Context, id string, from time.Time) (*document, error) {
	path := "api/2/issue/" + url.PathEscape(id)
	body, err := r.cfg.Jira.Read(ctx, path, url.Values{"fields": {"*all"}, "expand": {"changelog"}})
	var refused *atlassian.Error
	if errors.As(err, &refused) && (refused.Status == http.StatusNotFound || refused.Status == http.StatusForbidden) && !refused.Anonymous {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("read issue %s: %w", id, err)
	}
	d := &document{}
	if err := json.Unmarshal(body, d); err != nil {
		return nil, fmt.Errorf("read issue %s: %w", id, err)
	}
	return d, r.readComments(ctx, path, d, from)
}

// maxComments bounds the comments of an issue that are looked at.
const maxComments = 500

// readComments reads the newest comments where the issue does not have all.
func (r *Reconciler) readComments(ctx context.Context, path string, d *document, from time.Time) error {
	var page comments
	d.field("comment", &page)
	if page.Total <= len(page.Comments) {
		return nil
	}
	all := comments{Total: page.Total}
	for len(all.Comments) < min(page.Total, maxComments) {
		query := url.Values{"orderBy": {"-created"}, "startAt": {strconv.Itoa(len(all.Comments))}, "maxResults": {"100"}}
		body, err := r.cfg.Jira.Read(ctx, path+"/comment", query)
		if err != nil {
			return fmt.Errorf("read comments of issue %s: %w", d.ID, err)
		}
		var next comments
		if err := json.Unmarshal(body, &next); err != nil {
			return fmt.Errorf("read comments of issue %s: %w", d.ID, err)
		}
		all.Comments = append(all.Comments, next.Comments...)
		if len(next.Comments) == 0 {
			break
		}
	}
	if len(all.Comments) < all.Total {
		zerolog.Ctx(ctx).Warn().Str("issue", d.Key).Int("comments", all.Total).Time("since", from).
			Msg("only the newest comments of this issue are looked at for missed webhooks")
	}
	text, err := json.Marshal(all)
	if err != nil {
		return fmt.Errorf("keep comments of issue %s: %w", d.ID, err)
	}
	d.Fields["comment"] = text
	return nil
}
