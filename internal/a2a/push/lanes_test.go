package push_test

import (
	"bytes"
	"context"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/rs/zerolog"

	"github.com/aofctl/aofctl/internal/a2a"
	"github.com/aofctl/aofctl/internal/a2a/push"
	"github.com/aofctl/aofctl/internal/hosts"
)

func TestAReceiverThatIsSlowHoldsUpNobodyElses(t *testing.T) {
	asked, release := make(chan struct{}, 100), make(chan struct{})
	slow := httptest.NewTLSServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {
		asked <- struct{}{}
		<-release
	}))
	t.Cleanup(slow.Close)
	quick := newReceiver(t)
	b := newBench(t, "1.0", quick)
	other := a2a.Call{Caller: a2a.Caller{Installation: "token:other"}, Version: "1.0"}
	reply, err := b.keeper.Send(t.Context(), other, a2a.SendRequest{Message: a2a.Message{ID: "m", Role: a2a.User, Parts: []a2a.Part{a2a.TextOf("hi")}}})
	if err != nil {
		t.Fatal(err)
	}
	for _, id := range []string{"1", "2", "3", "4", "5", "6", "7", "8"} {
		if _, err := b.keeper.SetPush(t.Context(), other, a2a.PushConfig{ID: id, TaskID: reply.Task.ID, Version: "1.0", URL: slow.URL}); err != nil {
			t.Fatal(err)
		}
	}
	if err := b.store.Narrate(t.Context(), reply.Task.ID, "1", status(a2a.Working, "reading")); err != nil {
		t.Fatal(err)
	}
	b.later(time.Second)
	b.say("1", "reading") // due after those that are slow

	var list hosts.List
	for _, address := range []string{slow.URL, quick.URL} {
		h, err := hosts.Parse(address)
		if err != nil {
			t.Fatal(err)
		}
		h.Private = true
		list = append(list, h)
	}
	sender := push.New(push.Config{Tasks: b.store, Hosts: list, Now: b.clock, Trust: quick.Client().Transport.(*http.Transport).TLSClientConfig})
	ctx, stop := context.WithCancel(t.Context())
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		sender.Run(ctx, func() bool { return true })
	}()
	<-asked
	for deadline := time.Now().Add(2 * time.Minute); len(quick.heard()) == 0; time.Sleep(5 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatal("the other caller is not told")
		}
	}
	// What happens while the slow ones are told is told, too.
	b.finish()
	for deadline := time.Now().Add(2 * time.Minute); len(quick.heard()) < 2; time.Sleep(5 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatal("the other caller is not told of the end")
		}
	}
	if n := len(asked); n > 3 {
		t.Errorf("%d receivers of one caller are told at a time", n+1)
	}
	stop()
	close(release)
	<-ended
}

func TestTheAddressOfAReceiverIsInNoLog(t *testing.T) {
	to := newReceiver(t)
	b := newBench(t, "1.0", to)
	b.set(a2a.PushConfig{ID: "secret", URL: to.URL + "/hook?token=s3cret-of-the-caller"})
	to.Close()
	b.say("1", "reading")
	var log bytes.Buffer
	if err := b.sender.Round(zerolog.New(&log).WithContext(t.Context())); err != nil {
		t.Fatal(err)
	}
	if got := log.String(); !strings.Contains(got, "127.0.0.1") || strings.Contains(got, "s3cret") {
		t.Errorf("logged %s", got)
	}
}
