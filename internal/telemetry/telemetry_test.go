package telemetry_test

import (
	"bytes"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/aofctl/aofctl/internal/step"
	"github.com/aofctl/aofctl/internal/telemetry"
)

func TestTheLogIsJSONUnlessATerminalReadsIt(t *testing.T) {
	tests := map[string]struct {
		format string
		json   bool
	}{
		"a file":            {telemetry.FormatAuto, true},
		"asked for JSON":    {telemetry.FormatJSON, true},
		"asked for console": {telemetry.FormatConsole, false},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			var out bytes.Buffer
			log, err := telemetry.NewLogger(&out, "", tt.format, nil)
			if err != nil {
				t.Fatal(err)
			}
			log.Info().Str("run", "r-1").Msg("run started")
			log.Debug().Msg("detail")
			if json.Valid(out.Bytes()) != tt.json || !strings.Contains(out.String(), "run started") || strings.Contains(out.String(), "detail") {
				t.Errorf("wrote %q", out.String())
			}
		})
	}
}

func TestUnknownLevelsAndFormatsAreToldWithThePossibleOnes(t *testing.T) {
	for _, tt := range []struct{ level, format, want string }{
		{"loud", "", "trace, debug, info, warn, error"},
		{"info", "xml", "console, json"},
	} {
		if _, err := telemetry.NewLogger(&bytes.Buffer{}, tt.level, tt.format, nil); err == nil || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("level %q, format %q: error %v, want one that names %s", tt.level, tt.format, err, tt.want)
		}
	}
}

func TestSecretsDoNotReachTheLog(t *testing.T) {
	for _, format := range []string{telemetry.FormatJSON, telemetry.FormatConsole} {
		var out bytes.Buffer
		log, err := telemetry.NewLogger(&out, "", format, []string{"short", "secret-token", "secret-token-longer"})
		if err != nil {
			t.Fatal(err)
		}
		log.Error().Str("header", "Bearer secret-token-longer").Str("other", "short").Msg("refused secret-token")
		if got := out.String(); strings.Contains(got, "secret-token") || strings.Contains(got, "-longer") || !strings.Contains(got, "[redacted]") {
			t.Errorf("%s: wrote %q", format, got)
		}
		if !strings.Contains(out.String(), "short") {
			t.Errorf("%s: a value too common to be a secret was replaced: %q", format, out.String())
		}
	}
}

func TestMetricsCountWhatHappened(t *testing.T) {
	m := telemetry.NewMetrics("v1")
	cost := int64(1500)
	began := time.Unix(0, 0)
	m.Webhook("jira", "accepted")
	m.Acknowledged(time.Millisecond)
	m.Delivery("jira", "routed")
	m.Run("agent", "helper", "succeeded", time.Second)
	m.Reload(true)
	m.Reload(false)
	m.Step(step.Entry{Kind: step.KindModel, Model: "m", TokensIn: 10, TokensCached: 4, TokensOut: 3, CostMicroUSD: &cost, Started: began, Finished: began.Add(time.Second)})
	m.Step(step.Entry{Kind: step.KindTool, Name: "jira_get_issue", Decision: "allowed"})
	m.Step(step.Entry{Kind: step.KindTool, Name: "jira_get_issue", Decision: "allowed", Error: "no such issue"})
	m.Step(step.Entry{Kind: step.KindTool, Name: "jira_post_comment", Decision: "allowed", InDoubt: true})
	m.Step(step.Entry{Kind: step.KindTool, Name: "jira_get_issue", Decision: "scope"})
	m.Step(step.Entry{Kind: step.KindTool, Name: "invented\nby a model", Decision: "tools"})
	m.Gauge("aof_test_gauge", "A figure.", func() float64 { return 7 })
	rec := httptest.NewRecorder()
	m.Handler().ServeHTTP(rec, httptest.NewRequest(http.MethodGet, "/metrics", nil))
	for _, want := range []string{
		`aof_build_info{version="v1"} 1`, `aof_webhook_requests_total{outcome="accepted",source="jira"} 1`,
		`aof_deliveries_total{source="jira",state="routed"} 1`, `aof_runs_total{state="succeeded",target="helper",target_kind="agent"} 1`,
		`aof_catalog_reloads_total{outcome="ok"} 1`, `aof_catalog_reloads_total{outcome="error"} 1`,
		`aof_llm_tokens_total{direction="cached",model="m"} 4`, `aof_llm_cost_usd_total{model="m"} 0.0015`,
		`aof_tool_calls_total{outcome="ok",tool="jira_get_issue"} 1`, `aof_tool_calls_total{outcome="failed",tool="jira_get_issue"} 1`,
		`aof_tool_calls_total{outcome="scope",tool="jira_get_issue"} 1`, `aof_tool_calls_total{outcome="in_doubt",tool="jira_post_comment"} 1`,
		`aof_tool_calls_total{outcome="tools",tool="unlisted"} 1`, "aof_test_gauge 7", "aof_webhook_ack_seconds_count 1",
	} {
		if !strings.Contains(rec.Body.String(), want+"\n") {
			t.Errorf("metrics lack %s", want)
		}
	}
	if strings.Contains(rec.Body.String(), "invented") {
		t.Error("a name that a model made up is a label")
	}
}
