package main

import (
	"bufio"
	"bytes"
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"net"
	"slices"
	"strconv"
	"sync"
	"sync/atomic"
	"time"
)

// figures are the result of one measurement.
type figures struct {
	perSecond     float64
	p50, p99, max time.Duration
	rss           int64
}

// load posts deliveries over keep-alive connections, each connection the next
// one as soon as the last was answered. The client is written by hand because
// net/http's would need more of a CPU than the server.
func load(ctx context.Context, addr string, s settings) (figures, error) {
	templates := templates(64)
	ctx, cancel := context.WithTimeout(ctx, s.warmup+s.duration)
	defer cancel()
	begin := time.Now().Add(s.warmup)
	var next atomic.Int64
	times := make([][]time.Duration, s.conns)
	errs := make([]error, s.conns)
	var wg sync.WaitGroup
	for i := range s.conns {
		wg.Go(func() { times[i], errs[i] = post(ctx, addr, templates, &next, begin) })
	}
	wg.Wait()
	if err := errors.Join(errs...); err != nil {
		return figures{}, err
	}
	all := slices.Concat(times...)
	if len(all) == 0 {
		return figures{}, errors.New("no request was answered")
	}
	slices.Sort(all)
	return figures{
		perSecond: float64(len(all)) / s.duration.Seconds(),
		p50:       all[len(all)/2],
		p99:       all[len(all)*99/100],
		max:       all[len(all)-1],
	}, nil
}

// template is a request whose identifier is filled in for each use.
type template struct {
	bytes []byte
	at    int
}

const identifier = "00000000-0000-0000-0000-"

func templates(n int) []template {
	list := make([]template, n)
	for i := range list {
		body := payload(i)
		h := hmac.New(sha256.New, []byte(secret))
		h.Write(body)
		var b bytes.Buffer
		fmt.Fprintf(&b, "POST /webhook/jira HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json; charset=UTF-8\r\n"+
			"User-Agent: Atlassian Webhook HTTP Client\r\nX-Atlassian-Webhook-Flow: Primary\r\nX-Hub-Signature: sha256=%s\r\n"+
			"Content-Length: %d\r\nX-Atlassian-Webhook-Identifier: %s", hex.EncodeToString(h.Sum(nil)), len(body), identifier)
		list[i].at = b.Len()
		b.WriteString("000000000000\r\n\r\n")
		b.Write(body)
		list[i].bytes = b.Bytes()
	}
	return list
}

func post(ctx context.Context, addr string, templates []template, next *atomic.Int64, begin time.Time) ([]time.Duration, error) {
	conn, err := net.Dial("tcp", addr)
	if err != nil {
		return nil, err
	}
	defer conn.Close()
	r := bufio.NewReader(conn)
	var times []time.Duration
	var request []byte
	for ctx.Err() == nil {
		n := next.Add(1)
		t := templates[int(n)%len(templates)]
		request = append(request[:0], t.bytes...)
		copy(request[t.at:], fmt.Sprintf("%012d", n))
		start := time.Now()
		if _, err := conn.Write(request); err != nil {
			return times, err
		}
		if err := readAnswer(r); err != nil {
			return times, err
		}
		if start.After(begin) {
			times = append(times, time.Since(start))
		}
	}
	return times, nil
}

// readAnswer reads one response and checks that it accepts a new delivery.
func readAnswer(r *bufio.Reader) error {
	length := 0
	status := ""
	for {
		line, err := r.ReadSlice('\n')
		if err != nil {
			return fmt.Errorf("read response: %w", err)
		}
		line = bytes.TrimRight(line, "\r\n")
		if status == "" {
			status = string(line)
			continue
		}
		if len(line) == 0 {
			break
		}
		if value, ok := bytes.CutPrefix(line, []byte("Content-Length: ")); ok {
			if length, err = strconv.Atoi(string(value)); err != nil {
				return fmt.Errorf("read response: %w", err)
			}
		}
	}
	body := make([]byte, length)
	if _, err := io.ReadFull(r, body); err != nil {
		return fmt.Errorf("read response: %w", err)
	}
	if !bytes.Contains(body, []byte(`"accepted"`)) {
		return fmt.Errorf("not accepted: %s %s", status, body)
	}
	return nil
}
