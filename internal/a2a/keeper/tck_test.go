package keeper_test

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"math/big"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"os/signal"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/go-chi/chi/v5"
	"github.com/oklog/ulid/v2"
	"github.com/rs/zerolog"

	"github.com/aofctl/aofctl/internal/a2a"
	"github.com/aofctl/aofctl/internal/a2a/card"
	"github.com/aofctl/aofctl/internal/a2a/client"
	"github.com/aofctl/aofctl/internal/a2a/endpoint"
	"github.com/aofctl/aofctl/internal/a2a/keeper"
	"github.com/aofctl/aofctl/internal/a2a/push"
	"github.com/aofctl/aofctl/internal/a2a/signin"
	"github.com/aofctl/aofctl/internal/hosts"
	"github.com/aofctl/aofctl/internal/store"
)

// The variables that let TestTheConformanceSuitesSystem serve until it is
// interrupted: where it listens, and by which URL the suite calls it.
const (
	suiteListen = "AOF_TCK_LISTEN"
	suiteURL    = "AOF_TCK_URL"
	// suiteBare is "yes" for a system without streams and push notifications, which
	// the suites see refused then.
	suiteBare = "AOF_TCK_BARE"
	// suiteExtended is "yes" for a system with an extended card.
	suiteExtended = "AOF_TCK_EXTENDED"
	// suiteToken is the bearer token that callers have to send, if there is one.
	suiteToken = "AOF_TCK_TOKEN"
	// suiteCA is the file that gets the certificate, if the URL is one of TLS.
	suiteCA = "AOF_TCK_CA"
)

// suiteLasts is for how long the task works that the suites resubscribe to, twice
// their timeout, and all that they say nothing about.
const suiteLasts = 5 * time.Second

// TestTheConformanceSuitesSystem serves what the protocol's official conformance
// suites call: the daemon's endpoint, keeper, sender and store, with an executor
// that does what the suites' scenarios ask for. Without the variables it is only
// seen to work. How the suites are run is in docs/a2a-conformance.md.
func TestTheConformanceSuitesSystem(t *testing.T) {
	listen, served := os.LookupEnv(suiteListen)
	if !served {
		listen = "127.0.0.1:0"
	}
	ln, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", listen)
	if err != nil {
		t.Fatal(err)
	}
	base := os.Getenv(suiteURL)
	if base == "" {
		base = "http://" + ln.Addr().String()
	}
	s := newSuiteSystem(t, base, os.Getenv(suiteBare) == "yes")
	server := &httptest.Server{Listener: ln, Config: &http.Server{Handler: s.routes()}}
	if ca := os.Getenv(suiteCA); ca != "" {
		server.TLS = &tls.Config{Certificates: []tls.Certificate{certify(t, base, ca)}}
		server.StartTLS()
	} else {
		server.Start()
	}
	t.Cleanup(server.Close)
	if served {
		t.Logf("serving %s at %s", base, listen)
		ended, stop := signal.NotifyContext(t.Context(), os.Interrupt)
		defer stop()
		<-ended.Done()
		return
	}
	s.seen(t, base)
}

// certify makes a certificate for the host of a URL, and writes it to a file for
// those who are to trust it.
func certify(t *testing.T, base, path string) tls.Certificate {
	t.Helper()
	u, err := url.Parse(base)
	if err != nil {
		t.Fatal(err)
	}
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), DNSNames: []string{u.Hostname()}, NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(24 * time.Hour),
		IsCA: true, BasicConstraintsValid: true,
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}), 0o600); err != nil {
		t.Fatal(err)
	}
	return tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key}
}

// suiteSystem is what the suites test.
type suiteSystem struct {
	*keeper.Keeper
	store *store.Store
	// sender is nil for a bare system.
	sender *push.Sender
	base   string
	t      testing.TB
	work   sync.WaitGroup
	// sent are the ids of messages so far.
	mu   sync.Mutex
	sent map[string]int
	// stopping is closed when nothing more is to be done.
	stopping <-chan struct{}
}

func newSuiteSystem(t testing.TB, base string, bare bool) *suiteSystem {
	t.Helper()
	st, err := store.Open(t.Context(), t.TempDir(), nil)
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(context.Background())
	s := &suiteSystem{store: st, base: base, t: t, stopping: ctx.Done(), sent: map[string]int{}}
	s.Keeper = keeper.New(keeper.Config{Store: st, Prepare: suiteWork, Log: zerolog.New(os.Stderr), Limits: store.TaskLimits{PerOwner: -1, PerInstallation: -1}})
	if !bare {
		s.sender = push.New(push.Config{Tasks: st, Hosts: ephemeral(), UserAgent: "tck"})
	}
	leads := func() bool { return true }
	ctx = zerolog.New(os.Stderr).Level(zerolog.WarnLevel).WithContext(ctx)
	s.work.Go(func() { s.Run(ctx, leads) })
	if s.sender != nil {
		s.work.Go(func() { s.sender.Run(ctx, leads) })
	}
	t.Cleanup(func() {
		stop()
		s.work.Wait()
		if err := st.Close(); err != nil {
			t.Error(err)
		}
	})
	return s
}

// ephemeral are the addresses on this machine where a suite may listen for what it
// is told.
func ephemeral() hosts.List {
	var list hosts.List
	for port := 1024; port <= 65535; port++ {
		list = append(list, hosts.Host{Scheme: "http", Name: "localhost", Port: strconv.Itoa(port), Private: true})
	}
	return list
}

// suiteWork makes a run that nobody takes up: the executor here works instead.
func suiteWork(_ context.Context, _ a2a.Call, _ a2a.Message, _, contextID string) (keeper.Work, error) {
	return keeper.Work{Run: store.Run{
		ID: ulid.Make().String(), Source: store.TaskSource, Subject: "context:" + contextID, EventType: "a2a", Trigger: "a2a",
		TargetKind: "agent", Target: "tck", Work: []byte(`{}`), State: store.StateQueued,
	}}, nil
}

func (s *suiteSystem) routes() http.Handler {
	open := signin.Config{Public: true}
	if token := os.Getenv(suiteToken); token != "" {
		open = signin.Config{Tokens: []signin.Token{{Name: "suite", Secret: token}}}
	}
	who, err := signin.New(open)
	if err != nil {
		s.t.Fatal(err)
	}
	var pushes a2a.PushConfigs
	if s.sender != nil {
		pushes = s
	}
	r := chi.NewRouter()
	for path, h := range endpoint.New(who, s, pushes, s, endpoint.Options{}).Routes() {
		r.Handle(path, h)
		if strings.HasSuffix(path, "/json-rpc") { // as the daemon does
			r.Handle(path+"/", h)
		}
	}
	return r
}

// Card implements endpoint.Cards. Its words are chosen for a test that looks for
// secrets by words such as key.
func (s *suiteSystem) Card(agent string) (card.Card, bool) {
	return card.Card{
		Name: "Conformance agent", Description: "Does what the scenarios of the conformance suites ask for.", Version: "1.0.0",
		URL: s.base + "/a2a/json-rpc", Provider: "aofctl", ProviderURL: "https://aofctl.example", Streaming: s.sender != nil, Push: s.sender != nil, Extended: os.Getenv(suiteExtended) == "yes",
		Bearer:        os.Getenv(suiteToken) != "",
		Documentation: "https://aofctl.example/docs",
		Skills:        []card.Skill{{ID: "scenarios", Name: "Scenarios", Description: "Plays a scenario by the name of a message.", Tags: []string{"conformance"}, Examples: []string{"Hello"}}},
		Changed:       time.Date(2026, 11, 1, 0, 0, 0, 0, time.UTC),
	}, agent == ""
}

// Extended implements endpoint.Cards.
func (s *suiteSystem) Extended(_ context.Context, call a2a.Call) (card.Card, bool) {
	c, ok := s.Card(call.Agent)
	c.Skills = append(c.Skills, card.Skill{ID: "more", Name: "More", Description: "What callers learn who ask for more."})
	return c, ok && c.Extended
}

// Send implements a2a.Tasks: what is sent is worked on as its id says.
func (s *suiteSystem) Send(ctx context.Context, call a2a.Call, req a2a.SendRequest) (a2a.Reply, error) {
	id := req.Message.ID
	if strings.HasPrefix(id, "tck-message-response") {
		return a2a.Reply{Message: &a2a.Message{
			ID: "reply-to-" + id, ContextID: ulid.Make().String(), Role: a2a.Agent, Parts: []a2a.Part{a2a.TextOf("Direct message response")},
		}}, nil
	}
	req.Message.ID = s.distinct(id)
	if req.Push != nil && s.sender != nil {
		if err := s.sender.Check(*req.Push); err != nil {
			return a2a.Reply{}, err
		}
	}
	id = req.Message.ID
	reply, err := s.Keeper.Send(ctx, call, req)
	if err == nil && reply.Task != nil && !reply.Task.Status.State.Terminal() {
		task := reply.Task.ID
		s.work.Go(func() { s.perform(context.WithoutCancel(ctx), task, id) })
	}
	return reply, err
}

// distinct makes ids of messages differ. The suite of 1.0 gives many messages the id
// that names their scenario, which would be one message that comes twice, or be
// refused because it says something else.
func (s *suiteSystem) distinct(id string) string {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.sent[id]++; s.sent[id] == 1 {
		return id
	}
	return fmt.Sprintf("%s-%d", id, s.sent[id])
}

// SetPush implements a2a.PushConfigs.
func (s *suiteSystem) SetPush(ctx context.Context, call a2a.Call, config a2a.PushConfig) (a2a.PushConfig, error) {
	if err := s.sender.Check(config); err != nil {
		return a2a.PushConfig{}, err
	}
	return s.Keeper.SetPush(ctx, call, config)
}

// perform plays the scenario of a message.
func (s *suiteSystem) perform(ctx context.Context, task, message string) {
	p := player{s: s, ctx: ctx, task: task, message: message}
	p.play()
	var ended *a2a.TerminalError
	if p.err != nil && !errors.As(p.err, &ended) && !errors.Is(p.err, store.ErrClosed) {
		s.t.Logf("scenario of %s: %v", message, p.err)
	}
}

// seen plays a scenario of each suite, and sees that what it says is there.
func (s *suiteSystem) seen(t *testing.T, base string) {
	ctx, stop := context.WithTimeout(t.Context(), 2*time.Minute)
	defer stop()
	c := client.Client{URL: base + "/a2a/json-rpc/", Dialect: client.Plain10}
	for message, want := range map[string]a2a.State{
		"tck-artifact-text-1": a2a.Completed, "tck-input-required-1": a2a.InputRequired, "tck-reject-task-1": a2a.Rejected, "tck-stream-artifact-chunked-1": a2a.Completed,
	} {
		reply, err := c.Send(ctx, client.Message{ID: message, Text: "Hello"})
		if err != nil || reply.Task == nil {
			t.Fatalf("%s: %+v, %v", message, reply, err)
		}
		for task := *reply.Task; string(task.State) != string(want); {
			if task, err = c.Get(ctx, task.ID); err != nil {
				t.Fatalf("%s is not %s: %v", message, want, err)
			}
		}
	}
	old := client.Client{URL: base + "/a2a/json-rpc", Dialect: client.Plain03}
	reply, err := old.Send(ctx, client.Message{ID: "test-1", Text: "Hello"})
	if err != nil || reply.Task == nil || reply.Task.State != "submitted" {
		t.Errorf("0.3: %+v, %v", reply.Task, err)
	}
}
