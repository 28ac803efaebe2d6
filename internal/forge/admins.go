package forge

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strings"
	"time"
)

const (
	adminsTimeout = 10 * time.Second
	maxPermission = 256 << 10
)

// Admins says who may administer a site.
type Admins interface {
	// MayAdminister reports whether the user of a token may administer the site
	// whose API is at the base.
	MayAdminister(ctx context.Context, apiBase, userToken string) (bool, error)
}

// JiraAdmins asks Jira, with the user's own token.
// https://developer.atlassian.com/cloud/jira/platform/rest/v3/api-group-permissions/
type JiraAdmins struct {
	// HTTP sends the requests.
	HTTP *http.Client
}

// MayAdminister implements Admins.
func (a JiraAdmins) MayAdminister(ctx context.Context, apiBase, userToken string) (bool, error) {
	ctx, cancel := context.WithTimeout(ctx, adminsTimeout)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, strings.TrimRight(apiBase, "/")+"/rest/api/3/mypermissions?permissions=ADMINISTER", nil)
	if err != nil {
		return false, fmt.Errorf("ask for permissions: %w", err)
	}
	req.Header.Set("Authorization", "Bearer "+userToken)
	req.Header.Set("Accept", "application/json")
	client := *a.HTTP // whatever it does else, the token goes nowhere else
	client.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	resp, err := client.Do(req)
	if err != nil {
		return false, fmt.Errorf("ask for permissions: %w", err)
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(io.LimitReader(resp.Body, maxPermission))
	if err != nil {
		return false, fmt.Errorf("ask for permissions: %w", err)
	}
	switch resp.StatusCode {
	case http.StatusOK:
	case http.StatusUnauthorized, http.StatusForbidden:
		return false, nil // who may not even ask may not administer
	default:
		return false, fmt.Errorf("ask for permissions: the answer has status %d", resp.StatusCode)
	}
	var answer struct {
		Permissions map[string]struct{ HavePermission bool }
	}
	if err := json.Unmarshal(body, &answer); err != nil {
		return false, fmt.Errorf("ask for permissions: %w", err)
	}
	return answer.Permissions["ADMINISTER"].HavePermission, nil
}
