GO      ?= go
BIN     := bin/aofctl
LINT    := github.com/golangci/golangci-lint/v2/cmd/golangci-lint@v2.12.2
VULN    := golang.org/x/vuln/cmd/govulncheck@v1.1.4
FUZZTIME ?= 20s
LDFLAGS ?= -s -w
# What is never in a hurry, or waits for Jira or a model anyway, is not inlined into itself: it makes the program 5 %
# smaller. Nothing is in the list through which each delivery goes: webhook, inbox, store, event, route, run.
COLD    := github.com/andygrunwald github.com/anthropics github.com/google github.com/invopop github.com/mitsuhiko \
           github.com/jackc github.com/golang-jwt github.com/go-chi github.com/yuin \
           github.com/modelcontextprotocol github.com/pb33f github.com/prometheus/common github.com/prometheus/procfs \
           github.com/santhosh-tekuri github.com/sashabaranov github.com/spf13 go.yaml.in gopkg.in google.golang.org golang.org/x \
           $(addprefix github.com/aofctl/aofctl/internal/,a2a admin agent app approval atlassian budget cli demo doctor durable enrich fleet \
           flow forge gate github llm manifest markup mcpserver memory outbound policy prompt reconcile registration requirement sandbox \
           scenario schedule tool) encoding/xml encoding/gob database/sql text/template go/doc go/parser

.PHONY: all build demo test race lint check fuzz chaos bench clean

all: build

# Were the program there and new, go build would repeat what its linker once said to
# others, such as the test that asks for all that it links.
build: ## one static binary
	@rm -f $(BIN)
	CGO_ENABLED=0 $(GO) build -trimpath -ldflags "$(LDFLAGS)" $(COLD:%=-gcflags=%/...=-l) -o $(BIN) ./cmd/aofctl

demo: ## the main job, with nothing but Go
	$(GO) run ./cmd/aofctl demo $(DEMOFLAGS)

test: ## all tests; TESTFLAGS=-race for the race detector
	$(GO) test $(TESTFLAGS) ./...

race:
	$(MAKE) test TESTFLAGS=-race

lint:
	@test -z "$$(gofmt -l $$(git ls-files '*.go'))" || { gofmt -l $$(git ls-files '*.go'); echo 'run gofmt'; exit 1; }
	$(GO) vet ./...
	$(GO) run $(LINT) run ./...

check: lint race ## what CI does

fuzz: ## every fuzz target for FUZZTIME each
	@for pkg in $$($(GO) list ./...); do \
	  for target in $$($(GO) test -list '^Fuzz' $$pkg | grep '^Fuzz'); do \
	    echo "$$pkg $$target"; $(GO) test -run '^$$' -fuzz "^$$target$$" -fuzztime $(FUZZTIME) -fuzzminimizetime 20x $$pkg || exit 1; \
	  done; \
	done

chaos: build ## everything that may go wrong, on purpose; CHAOSFLAGS='-scenario sqlite-kill' or -short, -long, -seed 2
	$(GO) run ./internal/chaos -binary $(BIN) $(CHAOSFLAGS)

bench: build ## figures for docs/benchmarks.md
	$(GO) test -run '^$$' -bench . -benchmem ./internal/...
	$(GO) run ./internal/webhook/benchmark -rounds 3 -postgres
	$(GO) run ./internal/measure -binary $(BIN)

clean:
	rm -rf bin data
