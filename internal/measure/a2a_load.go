package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/tidwall/gjson"
)

// a2aTarget is where requests of A2A 1.0 go, and as whom.
type a2aTarget struct {
	address, path string
	tokens        []string
	// pid is the server's process.
	pid int
}

// latencies are how long the answers took, sorted.
type latencies []time.Duration

func (l latencies) at(percent int) time.Duration {
	if len(l) == 0 {
		return 0
	}
	return l[min(len(l)*percent/100, len(l)-1)].Round(10 * time.Microsecond)
}

// pin is the beginning of a command that runs on CPU 0, having moved this process
// to CPU 1; nil where that cannot be.
func pin() []string {
	if runtime.NumCPU() < 2 || exec.Command("taskset", "-a", "-p", "-c", "1", strconv.Itoa(os.Getpid())).Run() != nil {
		return nil
	}
	return []string{"taskset", "-c", "0"}
}

// caller has a connection of its own, over which it makes one request after
// another. It is written by hand because the client of net/http would need more of
// a CPU than the server.
type caller struct {
	at     a2aTarget
	number int
	conn   net.Conn
	reader *bufio.Reader
	made   int
	// task is one that it began, and token as whom.
	task, token string
}

// messages numbers messages over all callers and runs.
var messages atomic.Int64 //nolint:gochecknoglobals // ids differ within a run of the program

// said is what messages say, 8.9 kB as a work item with its description.
var said = strings.Repeat("Please look at this. ", 420) //nolint:gochecknoglobals // computed once

func dial(ctx context.Context, at a2aTarget, number int) (*caller, error) {
	conn, err := (&net.Dialer{}).DialContext(ctx, "tcp", at.address)
	if err != nil {
		return nil, err
	}
	return &caller{at: at, number: number, conn: conn, reader: bufio.NewReader(conn)}, nil
}

// sendBodies begins a task, each time as another of the caller's programs.
func sendBodies(c *caller) (token, body string) {
	own := max(len(c.at.tokens)/a2aCallers, 1)
	token = c.at.tokens[(c.number*own+c.made%own)%len(c.at.tokens)]
	return token, fmt.Sprintf(`{"jsonrpc":"2.0","id":1,"method":"SendMessage","params":{"message":{"messageId":"m-%d-%d","role":"ROLE_USER","parts":[{"text":%q}]},"configuration":{"returnImmediately":true}}}`,
		os.Getpid(), messages.Add(1), said)
}

// getBodies reads the task that the caller began first.
func getBodies(c *caller) (token, body string) {
	if c.task == "" {
		return sendBodies(c)
	}
	return c.token, `{"jsonrpc":"2.0","id":1,"method":"GetTask","params":{"id":"` + c.task + `"}}`
}

// call makes a request and sees that a task comes back.
func (c *caller) call(bodies func(*caller) (string, string)) error {
	token, body := bodies(c)
	request := fmt.Sprintf("POST %s HTTP/1.1\r\nHost: %s\r\nContent-Type: application/json\r\nA2A-Version: 1.0\r\nAuthorization: Bearer %s\r\nContent-Length: %d\r\n\r\n%s",
		c.at.path, c.at.address, token, len(body), body)
	if _, err := io.WriteString(c.conn, request); err != nil {
		return err
	}
	resp, err := http.ReadResponse(c.reader, nil)
	if err != nil {
		return err
	}
	answer, err := io.ReadAll(resp.Body)
	_ = resp.Body.Close()
	if err != nil {
		return err
	}
	state := gjson.GetBytes(answer, "result.*.state")
	if !state.Exists() {
		state = gjson.GetBytes(answer, "result.task.status.state")
	}
	if !strings.HasPrefix(state.String(), "TASK_STATE_") {
		return fmt.Errorf("%s: %s", resp.Status, answer)
	}
	if c.made++; c.task == "" {
		c.task, c.token = gjson.GetBytes(answer, "result.task.id").String(), token
	}
	return nil
}

// callAll has all callers make requests as fast as they are answered. It returns how
// long answers took after warming up, and how many requests there were with those
// before.
func callAll(ctx context.Context, at a2aTarget, bodies func(*caller) (string, string)) (latencies, int, error) {
	begin := time.Now().Add(a2aWarmsUp)
	end := begin.Add(a2aLasts)
	lists, errs := make([][]time.Duration, a2aCallers), make([]error, a2aCallers)
	var made atomic.Int64
	var all sync.WaitGroup
	for i := range a2aCallers {
		all.Go(func() {
			c, err := dial(ctx, at, i)
			if err != nil {
				errs[i] = err
				return
			}
			defer func() {
				made.Add(int64(c.made))
				_ = c.conn.Close()
			}()
			for now := time.Now(); now.Before(end) && ctx.Err() == nil; {
				if errs[i] = c.call(bodies); errs[i] != nil {
					return
				}
				took := time.Since(now)
				if now.After(begin) {
					lists[i] = append(lists[i], took)
				}
				now = now.Add(took)
			}
		})
	}
	all.Wait()
	list := slices.Concat(lists...)
	slices.Sort(list)
	return list, int(made.Load()), errors.Join(errs...)
}

// paced sends n messages, so many per second whether or not the ones before were
// answered; the time of an answer counts from when its message was due.
func paced(ctx context.Context, at a2aTarget, n, perSecond int) (latencies, error) {
	begin := time.Now()
	list, errs := make([]time.Duration, n), make([]error, a2aCallers)
	var next atomic.Int64
	var all sync.WaitGroup
	for i := range a2aCallers {
		all.Go(func() {
			c, err := dial(ctx, at, i)
			if err != nil {
				errs[i] = err
				return
			}
			defer c.conn.Close()
			for {
				k := int(next.Add(1)) - 1
				if k >= n || ctx.Err() != nil {
					return
				}
				due := begin.Add(time.Duration(k) * time.Second / time.Duration(perSecond))
				time.Sleep(time.Until(due))
				if errs[i] = c.call(sendBodies); errs[i] != nil {
					return
				}
				list[k] = time.Since(due)
			}
		})
	}
	all.Wait()
	slices.Sort(list)
	return list, errors.Join(errs...)
}
