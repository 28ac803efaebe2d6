package signin

import (
	"context"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"sync"
	"time"

	"github.com/aofctl/aofctl/internal/a2a"
	"github.com/aofctl/aofctl/internal/forge/fit"
)

const (
	// askTimeout bounds a question to Jira.
	askTimeout = 5 * time.Second
	// knownFor is how long an answer is good. A token's user never changes; tokens
	// live for hours.
	knownFor = time.Hour
	// maxKnown bounds how many answers are kept.
	maxKnown = 4096
	// maxAnswer bounds one in bytes.
	maxAnswer = 256 << 10
)

// accounts knows whose the tokens of users are, by asking Jira once for each.
type accounts struct {
	client *http.Client

	mu    sync.Mutex
	known map[tokenKey]*answer
	// ring has the keys in the order in which they came; next is the oldest.
	ring []tokenKey
	next int
}

// tokenKey is a hash of an installation and a token: no token is kept.
type tokenKey [sha256.Size]byte

// answer is what Jira said, once done is closed.
type answer struct {
	done    chan struct{}
	at      time.Time
	account string
	err     error
}

func newAccounts(carrier http.RoundTripper) *accounts {
	stay := func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	return &accounts{client: &http.Client{Transport: carrier, CheckRedirect: stay}, known: map[tokenKey]*answer{}}
}

// of gives the account that a user's token belongs to in the installation's site.
// The errors are *a2a.Refusal.
func (a *accounts) of(ctx context.Context, claims fit.Claims, token string) (string, error) {
	ans := a.ask(ctx, claims, token)
	select {
	case <-ans.done:
		return ans.account, ans.err
	case <-ctx.Done():
		return "", unavailable(ctx.Err())
	}
}

// ask finds the answer, joins whoever asks for the same, or asks.
func (a *accounts) ask(ctx context.Context, claims fit.Claims, token string) *answer {
	key := tokenKey(sha256.Sum256([]byte(claims.Installation + "\x00" + claims.APIBase + "\x00" + token)))
	a.mu.Lock()
	defer a.mu.Unlock()
	if ans := a.known[key]; ans != nil && time.Since(ans.at) < knownFor {
		return ans
	}
	ans := &answer{done: make(chan struct{}), at: time.Now()}
	a.remember(key, ans)
	go a.fill(context.WithoutCancel(ctx), key, ans, claims.APIBase, token)
	return ans
}

// fill asks. A failure is told to those who wait for it and then forgotten.
func (a *accounts) fill(ctx context.Context, key tokenKey, ans *answer, base, token string) {
	defer close(ans.done)
	ans.account, ans.err = a.myself(ctx, base, token)
	if ans.err == nil {
		return
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.known[key] == ans {
		ans.at = time.Time{}
	}
}

func (a *accounts) remember(key tokenKey, ans *answer) {
	_, there := a.known[key]
	a.known[key] = ans
	switch {
	case there:
	case len(a.ring) < maxKnown:
		a.ring = append(a.ring, key)
	default:
		delete(a.known, a.ring[a.next])
		a.ring[a.next] = key
		a.next = (a.next + 1) % maxKnown
	}
}

// myself asks Jira, GET /rest/api/3/myself. The address has been compared with
// where tokens may be sent.
func (a *accounts) myself(ctx context.Context, base, token string) (string, error) {
	ctx, cancel := context.WithTimeout(ctx, askTimeout)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, base+"/rest/api/3/myself", http.NoBody)
	if err != nil {
		return "", unavailable(err)
	}
	req.Header.Set("Authorization", "Bearer "+token)
	req.Header.Set("Accept", "application/json")
	resp, err := a.client.Do(req)
	if err != nil {
		return "", unavailable(err)
	}
	defer resp.Body.Close()
	switch resp.StatusCode {
	case http.StatusOK:
	case http.StatusUnauthorized, http.StatusForbidden:
		return "", forbidden("Jira does not accept the user's token", fmt.Errorf("get myself: Jira answered %s", resp.Status))
	default:
		return "", unavailable(fmt.Errorf("get myself: Jira answered %s", resp.Status))
	}
	return readMyself(resp.Body)
}

func readMyself(body io.Reader) (string, error) {
	var user struct {
		AccountID   string `json:"accountId"`
		AccountType string `json:"accountType"`
	}
	if err := json.NewDecoder(io.LimitReader(body, maxAnswer)).Decode(&user); err != nil {
		return "", unavailable(fmt.Errorf("read myself: %w", err))
	}
	account, ok := fit.AccountID(user.AccountID)
	switch {
	case !ok || account == "":
		return "", unavailable(errors.New("read myself: it names no account"))
	case user.AccountType == "app":
		return "", forbidden("The user's token is the app's own", errors.New("read myself: the account is an app's"))
	}
	return account, nil
}

func forbidden(message string, cause error) *a2a.Refusal {
	return &a2a.Refusal{Status: http.StatusForbidden, Message: message, Cause: cause}
}

func unavailable(cause error) *a2a.Refusal {
	return &a2a.Refusal{
		Status: http.StatusServiceUnavailable, Message: "Jira cannot be asked now who the user is", RetryAfter: retryAfter, Cause: cause,
	}
}
