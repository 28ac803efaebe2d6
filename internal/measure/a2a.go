package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"
)

const (
	// a2aCallers is how many call at a time, for how long after how much warming up,
	// and how often.
	a2aCallers  = 32
	a2aLasts    = 3 * time.Second
	a2aWarmsUp  = time.Second / 2
	a2aRounds   = 3
	a2aPrograms = "internal/e2e/testdata"
)

// contender is a server of A2A.
type contender struct {
	name        string
	start       func() (at a2aTarget, stop func(), err error)
	at          a2aTarget
	sends, gets rounds
}

// a2aAgainstSDKs measures how fast messages begin tasks and tasks are read, of the
// daemon, whose tasks are durable, and of the official SDKs' own servers, which keep
// them in memory: in turns, so that what else the machine does hits all of them.
// Servers share one CPU where taskset exists, and the callers have the other.
func a2aAgainstSDKs(ctx context.Context, binary string) (string, error) {
	dir, err := os.MkdirTemp("", "aofctl-measure-a2a-")
	if err != nil {
		return "", err
	}
	defer os.RemoveAll(dir)
	var text strings.Builder
	var contenders []*contender
	for _, c := range []*contender{
		{name: "aofctl", start: func() (a2aTarget, func(), error) { return startA2A(ctx, binary, "8", time.Minute) }},
		{name: "a2a-go", start: func() (a2aTarget, func(), error) { return startGoPeer(ctx, dir) }},
		{name: "a2a-js", start: func() (a2aTarget, func(), error) { return startJSPeer(ctx, dir) }},
	} {
		var stop func()
		if c.at, stop, err = c.start(); err != nil {
			fmt.Fprintf(&text, "\n  %s: not measured: %v", c.name, err)
			continue
		}
		defer stop()
		contenders = append(contenders, c)
	}
	for range a2aRounds {
		for _, c := range contenders {
			if err := c.take(ctx); err != nil {
				return "", fmt.Errorf("%s: %w", c.name, err)
			}
		}
	}
	for _, c := range contenders {
		fmt.Fprintf(&text, "\n  %s: send %s; get %s", c.name, &c.sends, &c.gets)
	}
	for _, peer := range contenders[1:] {
		fmt.Fprintf(&text, "\n  aofctl against %s: %s for send, %s for get", peer.name, contenders[0].sends.against(&peer.sends), contenders[0].gets.against(&peer.gets))
	}
	return text.String(), nil
}

func (c *contender) take(ctx context.Context) error {
	if err := c.sends.take(ctx, c.at, sendBodies); err != nil {
		return err
	}
	return c.gets.take(ctx, c.at, getBodies)
}

// a2aFirstAnswers measures how fast first answers are while 200 tasks wait for a
// model that takes 5 s.
func a2aFirstAnswers(ctx context.Context, binary string) (string, error) {
	at, stop, err := startA2A(ctx, binary, "200", 5*time.Second)
	if err != nil {
		return "", err
	}
	defer stop()
	if _, err := paced(ctx, at, 200, 500); err != nil { // these go to work
		return "", err
	}
	l, err := paced(ctx, at, 1000, 100)
	if err != nil {
		return "", err
	}
	return fmt.Sprintf("first answers at 100/s while 200 tasks are at work with a model that takes 5 s: p50 %s, p99 %s, max %s", l.at(50), l.at(99), l.at(100)), nil
}

// startA2A starts a daemon whose agents are called by 256 programs, so that none
// comes to its limit of active tasks.
func startA2A(ctx context.Context, binary, atWork string, delay time.Duration) (a2aTarget, func(), error) {
	s, err := newSite(ctx, 1)
	if err != nil {
		return a2aTarget{}, nil, err
	}
	s.box.Model.Delay(delay)
	at := a2aTarget{address: fmt.Sprintf("127.0.0.1:%d", s.port), path: "/a2a/load/json-rpc"}
	var names []string
	for i := range 256 {
		at.tokens = append(at.tokens, fmt.Sprintf("measure-token-of-program-%03d", i))
		names = append(names, fmt.Sprintf("p%d=%s", i, at.tokens[i]))
	}
	text, err := os.ReadFile(filepath.Join(s.dir, "daemon.yaml"))
	if err == nil {
		config := strings.Replace(string(text), "  platforms:\n", "  platforms:\n    a2a: {tokens_env: A2A_TOKENS}\n", 1)
		config = strings.Replace(config, "max_concurrent_tasks: 64", "max_concurrent_tasks: "+atWork, 1)
		err = s.write("daemon.yaml", config)
	}
	if err == nil {
		s.environ, s.pinned = append(s.environ, "A2A_TOKENS="+strings.Join(names, ",")), pin()
		_, err = s.start(ctx, binary)
	}
	if err != nil {
		s.stop()
		return a2aTarget{}, nil, err
	}
	at.pid = s.cmd.Process.Pid
	return at, s.stop, nil
}

func startGoPeer(ctx context.Context, dir string) (a2aTarget, func(), error) {
	program := filepath.Join(dir, "peer")
	build := exec.CommandContext(ctx, "go", "build", "-o", program, "./peer")
	build.Dir = filepath.Join(a2aPrograms, "a2a-go")
	if out, err := build.CombinedOutput(); err != nil {
		return a2aTarget{}, nil, fmt.Errorf("build: %w: %s", err, out)
	}
	return startPeer(ctx, program)
}

func startJSPeer(ctx context.Context, dir string) (a2aTarget, func(), error) {
	if err := os.CopyFS(filepath.Join(dir, "js"), os.DirFS(filepath.Join(a2aPrograms, "a2a-js"))); err != nil {
		return a2aTarget{}, nil, err
	}
	install := exec.CommandContext(ctx, "npm", "install", "--ignore-scripts", "--no-audit", "--no-fund", "@a2a-js/sdk@1.3.0")
	install.Dir = filepath.Join(dir, "js")
	if out, err := install.CombinedOutput(); err != nil {
		return a2aTarget{}, nil, fmt.Errorf("install: %w: %s", err, out)
	}
	return startPeer(ctx, "node", filepath.Join(dir, "js", "peer.mjs"))
}

// startPeer starts a server that prints its address.
func startPeer(ctx context.Context, args ...string) (a2aTarget, func(), error) {
	args = append(pin(), args...)
	cmd := exec.CommandContext(ctx, args[0], args[1:]...)
	cmd.Stderr = os.Stderr
	out, err := cmd.StdoutPipe()
	if err != nil {
		return a2aTarget{}, nil, err
	}
	if err := cmd.Start(); err != nil {
		return a2aTarget{}, nil, err
	}
	stop := func() {
		_ = cmd.Process.Kill()
		_ = cmd.Wait()
	}
	address, err := bufio.NewReader(out).ReadString('\n')
	if err != nil {
		stop()
		return a2aTarget{}, nil, errors.Join(errors.New("it does not say where it listens"), err)
	}
	return a2aTarget{address: strings.TrimSpace(address), path: "/", tokens: []string{"none"}, pid: cmd.Process.Pid}, stop, nil
}
