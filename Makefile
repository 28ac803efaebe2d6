GO      ?= go
BIN     := bin/aofctl
LINT    := github.com/golangci/golangci-lint/v2/cmd/golangci-lint@v2.12.2
VULN    := golang.org/x/vuln/cmd/govulncheck@v1.1.4
FUZZTIME ?= 20s
LDFLAGS ?= -s -w

.PHONY: all build demo test race lint check fuzz chaos bench clean

all: build

# Were the program there and new, go build would repeat what its linker once said to
# others, such as the test that asks for all that it links.
build: ## one static binary
	@rm -f $(BIN)
	CGO_ENABLED=0 $(GO) build -trimpath -ldflags "$(LDFLAGS)" -o $(BIN) ./cmd/aofctl

demo: ## the main job, with nothing but Go
	$(GO) run ./cmd/aofctl demo $(DEMOFLAGS)

test: ## all tests; TESTFLAGS=-race for the race detector
	$(GO) test -timeout 30m $(TESTFLAGS) ./...

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
