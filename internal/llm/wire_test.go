package llm_test

import (
	"bytes"
	"compress/gzip"
	"context"
	"errors"
	"fmt"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/tidwall/gjson"

	"github.com/aofctl/aofctl/internal/llm"
	"github.com/aofctl/aofctl/internal/sandbox/port"
)

// silent is a transport that never answers.
func silent() roundTrip {
	return func(r *http.Request) (*http.Response, error) {
		<-r.Context().Done()
		return nil, r.Context().Err()
	}
}

func TestAModelThatDoesNotAnswerIsGivenUp(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		start := time.Now()
		_, err := fake(t, "openai:gpt-4.1", silent()).Complete(t.Context(), hello())
		wantError(t, err, llm.KindTimeout, 0, true, "no answer within 2m0s")
		if took := time.Since(start); took != 2*time.Minute {
			t.Errorf("given up after %s", took)
		}
	})
}

func TestAnAnswerThatStopsInTheMiddleIsGivenUp(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		drip := roundTrip(func(r *http.Request) (*http.Response, error) {
			body := io.MultiReader(strings.NewReader(`{"choices":`), readerFunc(func([]byte) (int, error) {
				<-r.Context().Done()
				return 0, r.Context().Err()
			}))
			return &http.Response{StatusCode: 200, Header: http.Header{}, Body: io.NopCloser(body), Request: r}, nil
		})
		_, err := fake(t, "openai:gpt-4.1", drip).Complete(t.Context(), hello())
		wantError(t, err, llm.KindTimeout, 0, true, "no answer within")
	})
}

type readerFunc func([]byte) (int, error)

func (f readerFunc) Read(p []byte) (int, error) { return f(p) }

func TestTheEndOfTheCallersContextIsNoFaultOfTheProvider(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := fake(t, "openai:gpt-4.1", silent())
		ctx, cancel := context.WithCancel(t.Context())
		time.AfterFunc(time.Second, cancel)
		_, err := m.Complete(ctx, hello())
		wantContextError(t, err, context.Canceled)

		ctx, cancel = context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		_, err = m.Complete(ctx, hello())
		wantContextError(t, err, context.DeadlineExceeded)
	})
}

func wantContextError(t *testing.T, err, want error) {
	t.Helper()
	var e *llm.Error
	if !errors.Is(err, want) || errors.As(err, &e) {
		t.Errorf("error %T %v, want %v and no *llm.Error", err, err, want)
	}
}

func TestConnectionsThatFailMayBeTriedAgain(t *testing.T) {
	nobody := fmt.Sprintf("http://127.0.0.1:%d", port.For(t))
	cut := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body)
		if r.URL.Path == "/half/chat/completions" {
			w.Header().Set("Content-Length", "1000")
			_, _ = w.Write([]byte(`{"choices":[{"mess`))
		}
		conn, buf, err := http.NewResponseController(w).Hijack()
		if err != nil {
			t.Errorf("hijack: %v", err)
			return
		}
		_ = buf.Flush()
		_ = conn.Close()
	}))
	defer cut.Close()
	for name, url := range map[string]string{"nobody there": nobody, "cut before": cut.URL, "cut in the middle": cut.URL + "/half"} {
		t.Run(name, func(t *testing.T) {
			_, err := open(t, "openai", "gpt-4.1", url, llm.Options{}).Complete(t.Context(), hello())
			e := wantError(t, err, llm.KindUnavailable, 0, true, "")
			if e.Unwrap() == nil || e.Message == "" {
				t.Errorf("no cause or message: %v", e)
			}
		})
	}
}

func TestAnUntrustedCertificateIsAMistakeOfTheConfiguration(t *testing.T) {
	server := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write([]byte(said("ok"))) }))
	server.Config.ErrorLog = log.New(io.Discard, "", 0)
	server.StartTLS()
	defer server.Close()
	_, err := open(t, "openai", "gpt-4.1", server.URL, llm.Options{}).Complete(t.Context(), hello())
	wantError(t, err, llm.KindConfig, 0, false, "certificate")
	if _, err := open(t, "openai", "gpt-4.1", server.URL, llm.Options{Transport: server.Client().Transport}).Complete(t.Context(), hello()); err != nil {
		t.Errorf("trusted: %v", err)
	}
}

func TestRedirectsAreNotFollowed(t *testing.T) {
	asked := 0
	elsewhere := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { asked++ }))
	defer elsewhere.Close()
	for _, status := range []int{301, 302, 307, 308} {
		server := httptest.NewServer(http.RedirectHandler(elsewhere.URL+"/v1", status))
		_, err := open(t, "openai", "gpt-4.1", server.URL, llm.Options{}).Complete(t.Context(), hello())
		wantError(t, err, llm.KindConfig, status, false, "redirects to "+elsewhere.URL+"/v1: set base_url")
		server.Close()
	}
	if asked > 0 {
		t.Errorf("%d conversations went elsewhere", asked)
	}
}

func TestAnswersAreBounded(t *testing.T) {
	bomb := func(w http.ResponseWriter) {
		w.Header().Set("Content-Encoding", "gzip")
		zip := gzip.NewWriter(w)
		zeros := bytes.Repeat([]byte(" "), 1<<20)
		for range 64 {
			if _, err := zip.Write(zeros); err != nil {
				return
			}
		}
		_ = zip.Close()
	}
	for _, status := range []int{200, 500} {
		server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Encoding", "gzip")
			w.WriteHeader(status)
			bomb(w)
		}))
		_, err := open(t, "openai", "gpt-4.1", server.URL, llm.Options{MaxResponseBytes: 1 << 20}).Complete(t.Context(), hello())
		wantError(t, err, llm.KindInvalid, status, false, "larger than 1048576 bytes")
		server.Close()
	}
	exact := said("x")
	for limit, ok := range map[int64]bool{int64(len(exact)): true, int64(len(exact)) - 1: false} {
		p, err := llm.NewProviders(nil, llm.Options{Transport: answering(200, exact, nil), MaxResponseBytes: limit})
		if err != nil {
			t.Fatal(err)
		}
		m, err := p.Open("ollama:m")
		if err != nil {
			t.Fatal(err)
		}
		if _, err := m.Complete(t.Context(), hello()); (err == nil) != ok {
			t.Errorf("%d bytes of %d: %v", len(exact), limit, err)
		}
	}
}

func TestAnEndlessAnswerIsNotReadToItsEnd(t *testing.T) {
	var given int
	endless := roundTrip(func(r *http.Request) (*http.Response, error) {
		body := readerFunc(func(p []byte) (int, error) {
			if given > 64<<20 {
				return 0, io.EOF
			}
			for i := range p {
				p[i] = ' '
			}
			given += len(p)
			return len(p), nil
		})
		return &http.Response{StatusCode: 200, Header: http.Header{}, Body: io.NopCloser(body), Request: r}, nil
	})
	_, err := fake(t, "openai:gpt-4.1", endless).Complete(t.Context(), hello())
	wantError(t, err, llm.KindInvalid, 200, false, "larger than 16777216 bytes")
	if given > 17<<20 {
		t.Errorf("%d bytes were read", given)
	}
}

// go-openai itself refuses these models with tools, a limit or a temperature,
// whoever serves them.
func TestGatewaysMayServeAnyModel(t *testing.T) {
	for _, name := range []string{"gpt-6-sol", "gpt-6-astra", "o1", "gpt-5", "text-davinci-003"} {
		var sent []byte
		req := hello()
		req.Tools, req.MaxTokens, req.Temperature = []llm.ToolSpec{tool("x")}, 10, ptr(0.5)
		if _, err := fake(t, "gateway:"+name, keepBody(&sent)).Complete(t.Context(), req); err != nil {
			t.Errorf("%s: %v", name, err)
		}
		if got := gjson.GetBytes(sent, "model").Str; got != name {
			t.Errorf("asked for %q", got)
		}
	}
}

func TestManyCallsAtOnceDoNotMixTheirAnswers(t *testing.T) {
	rec := record(t, func(body []byte, w http.ResponseWriter) {
		_, text, _ := strings.Cut(string(body), "echo-")
		text, _, _ = strings.Cut(text, `"`)
		_, _ = w.Write([]byte(said(text)))
	})
	m := open(t, "openai", "gpt-4.1", rec.URL, llm.Options{})
	done := make(chan string, 50)
	for i := range 50 {
		want := strings.Repeat("x", i+1)
		go func() {
			resp, err := m.Complete(t.Context(), llm.Request{Tools: []llm.ToolSpec{tool("a")}, Messages: []llm.Message{{Role: llm.User, Text: "echo-" + want}}})
			if err == nil && resp.Message.Text != want {
				err = errors.New("got " + resp.Message.Text)
			}
			if err != nil {
				done <- err.Error()
				return
			}
			done <- ""
		}()
	}
	for range 50 {
		if problem := <-done; problem != "" {
			t.Error(problem)
		}
	}
}
