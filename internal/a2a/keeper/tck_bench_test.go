package keeper_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http/httptest"
	"testing"

	"github.com/aofctl/aofctl/internal/a2a"
	"github.com/aofctl/aofctl/internal/a2a/client"
	"github.com/aofctl/aofctl/internal/store"
)

// BenchmarkStream adds an artifact to a task in chunks, each in a transaction of its
// own, while a caller follows it over HTTP: what it costs is linear in the chunks.
func BenchmarkStream(b *testing.B) {
	for _, chunks := range []int{500, 1000, 2000} {
		b.Run(fmt.Sprintf("%d chunks", chunks), func(b *testing.B) {
			s := newSuiteSystem(b, "http://localhost:1", false)
			server := httptest.NewServer(s.routes())
			defer server.Close()
			c := client.Client{URL: server.URL + "/a2a/json-rpc", Dialect: client.Plain10}
			for n := 0; b.Loop(); n++ {
				follow(b, s, &c, fmt.Sprintf("test-%d-%d", chunks, n), chunks)
			}
		})
	}
}

// follow streams a task to its end and counts the chunks.
func follow(b *testing.B, s *suiteSystem, c *client.Client, message string, chunks int) {
	ctx := b.Context()
	reply, err := s.Keeper.Send(ctx, a2a.Call{Caller: a2a.Caller{Installation: "public"}, Version: "1.0"},
		a2a.SendRequest{Message: a2a.Message{ID: message, Role: a2a.User, Parts: []a2a.Part{a2a.TextOf("x")}}})
	if err != nil {
		b.Fatal(err)
	}
	stream, err := c.Resubscribe(ctx, reply.Task.ID)
	if err != nil {
		b.Fatal(err)
	}
	defer stream.Close()
	added := make(chan error, 1)
	go func() { added <- addChunks(ctx, s.store, reply.Task.ID, chunks) }()
	seen := 0
	for {
		event, err := stream.Next(ctx)
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			b.Fatal(err)
		}
		if event.Change == client.Grew {
			seen++
		}
	}
	if err := <-added; err != nil || seen != chunks {
		b.Fatalf("saw %d of %d chunks: %v", seen, chunks, err)
	}
}

func addChunks(ctx context.Context, s *store.Store, task string, chunks int) error {
	for n := range chunks {
		u := a2a.ArtifactUpdate{Artifact: a2a.Artifact{ID: "a", Parts: []a2a.Part{a2a.TextOf("Forty bytes of what some agent has to say")}}, Append: n > 0}
		if err := s.AddArtifact(ctx, task, fmt.Sprint("chunk ", n), u); err != nil {
			return err
		}
	}
	_, _, err := s.ConcludeTask(ctx, task, "end", 1, a2a.Status{State: a2a.Completed})
	return err
}
