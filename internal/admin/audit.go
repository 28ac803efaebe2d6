package admin

import (
	"net/http"
	"strconv"
	"time"

	"github.com/aofctl/aofctl/internal/store"
)

// listAudit returns rows of the audit log: from the one behind "after" on, or the
// newest first.
func (a *api) listAudit(r *http.Request) (any, error) {
	q := r.URL.Query()
	f := store.AuditFilter{Run: q.Get("run"), Kind: q.Get("kind"), Newest: q.Get("newest") == "true"}
	var err error
	if f.Limit, err = limitOf(r); err != nil {
		return nil, err
	}
	if after := q.Get("after"); after != "" {
		if f.After, err = strconv.ParseInt(after, 10, 64); err != nil {
			return nil, &problem{http.StatusBadRequest, "after is the number of a row"}
		}
	}
	if since := q.Get("since"); since != "" {
		if f.Since, err = time.Parse(time.RFC3339, since); err != nil {
			return nil, &problem{http.StatusBadRequest, "since is a time such as 2026-01-02T15:04:05Z"}
		}
	}
	return a.cfg.Store.AuditTrail(r.Context(), f)
}

// verifyAudit checks the whole audit log.
func (a *api) verifyAudit(r *http.Request) (any, error) { return a.cfg.Store.VerifyAudit(r.Context()) }
