// Command peer serves the official SDK's own server with its store in memory, for
// comparison. Its agent ends each task at once. It prints its address.
package main

import (
	"context"
	"fmt"
	"iter"
	"net"
	"net/http"
	"os"

	"github.com/a2aproject/a2a-go/v2/a2a"
	"github.com/a2aproject/a2a-go/v2/a2asrv"
)

type executor struct{}

func (executor) Execute(_ context.Context, e *a2asrv.ExecutorContext) iter.Seq2[a2a.Event, error] {
	return func(yield func(a2a.Event, error) bool) {
		if yield(a2a.NewSubmittedTask(e, e.Message), nil) {
			yield(a2a.NewStatusUpdateEvent(e, a2a.TaskStateCompleted, nil), nil)
		}
	}
}

func (executor) Cancel(context.Context, *a2asrv.ExecutorContext) iter.Seq2[a2a.Event, error] {
	return func(func(a2a.Event, error) bool) {}
}

func main() {
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	fmt.Println(ln.Addr())
	err = http.Serve(ln, a2asrv.NewJSONRPCHandler(a2asrv.NewHandler(executor{})))
	fmt.Fprintln(os.Stderr, err)
	os.Exit(1)
}
