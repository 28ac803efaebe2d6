package flow_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestEveryMistakeInAFlowIsToldAtLoad(t *testing.T) {
	tests := map[string]struct {
		spec string
		want []string
	}{
		"unknown key of a config": {`nodes: [{id: n, type: Agent, config: {agent: a, inputs: x}}]`, []string{`flow.yaml:5:51: unknown field "inputs" (did you mean "input"?)`}},
		"wrong type":              {`nodes: [{id: n, type: ForEach, config: {items: x, max_parallel: many, body: {agent: a}}}]`, []string{`flow.yaml:5:50: there is no variable "x"`, `flow.yaml:5:67: expected a whole number, found "many"`}},
		"missing config":          {`nodes: [{id: n, type: Wait}]`, []string{`flow.yaml:5:11: node "n" of type Wait needs either duration or until in its config`}},
		"unknown tool":            {`nodes: [{id: n, type: Tool, config: {tool: jira_raed}}]`, []string{`flow.yaml:5:46: unknown tool "jira_raed" (did you mean "jira_read"?)`}},
		"foreign tool":            {`nodes: [{id: n, type: Tool, config: {tool: kubectl_get}}]`, []string{`flow.yaml:5:46: tool "kubectl_get" is not offered by this version`}},
		"unknown argument":        {`nodes: [{id: n, type: Tool, config: {tool: jira_read, args: {isue_key: x}}}]`, []string{`flow.yaml:5:63: tool jira_read has no argument "isue_key" (did you mean "issue_key"?)`}},
		"several tools":           {`nodes: [{id: n, type: Tool, config: {tool: "jira_*"}}]`, []string{`flow.yaml:5:46: "jira_*" stands for 3 tools: a node calls one`}},
		"unknown agent":           {`nodes: [{id: n, type: Agent, config: {agent: aa}}]`, []string{`flow.yaml:5:48: there is no agent "aa" (did you mean "a"?)`}},
		"expression":              {`nodes: [{id: n, type: Conditional, config: {condition: "a ="}}]`, []string{`flow.yaml:5:58: expression: line 1: = assigns nothing here, use == to compare`}},
		"template":                {`nodes: [{id: n, type: End, config: {message: "{{ metadata.x"}}]`, []string{`flow.yaml:5:48: template: line 1: unexpected end of input, expected end of variable block`}},
		"unknown node":            {`nodes: [{id: n, type: End, config: {message: "{{ nodes.m.output }}"}}]`, []string{`flow.yaml:5:48: there is no node "m" (did you mean "n"?)`}},
		"node that comes later": {`nodes: [{id: n, type: Transform, config: {template: "{{ nodes.m.output }}"}}, {id: m, type: End}]
  connections: [{from: start, to: n}, {from: n, to: m}]`, []string{`flow.yaml:5:55: node "m" cannot have run before this is read`}},
		"node beside": {`nodes: [{id: n, type: Transform, config: {template: x}}, {id: m, type: End, config: {message: "${n.output}"}}]
  connections: [{from: start, to: n}, {from: start, to: m}]`, []string{`flow.yaml:5:97: node "n" cannot have run before this is read`}},
		"unknown result": {`nodes: [{id: n, type: Transform, config: {template: x}}, {id: m, type: End, config: {message: "{{ nodes.n.outptu }}"}}]
  connections: [{from: start, to: n}, {from: n, to: m}]`, []string{`flow.yaml:5:97: the result of node "n" has no "outptu" (did you mean "output"?): it has output, text, status, success, error, result`}},
		"name with a dash": {`nodes: [{id: n-m, type: Transform, config: {template: x}}, {id: m, type: End, config: {message: "{{ nodes.n-m.nothing }}"}}]
  connections: [{from: start, to: n-m}, {from: n-m, to: m}]`, []string{`flow.yaml:5:99: there is no node "n": write nodes["n-m"]`, `flow.yaml:5:99: there is no variable "m": what node m found is nodes["m"].output`}},
		"body that is connected": {`nodes: [{id: n, type: ForEach, config: {items: [1], body: m}}, {id: m, type: Agent, config: {agent: a}}]
  connections: [{from: start, to: n}, {from: n, to: m}]`, []string{`flow.yaml:6:53: node "m" stands in the body of "n": it cannot be connected as well`}},
		"body that is not there": {`nodes: [{id: n, type: ForEach, config: {items: [1], body: [m]}}]`, []string{`flow.yaml:5:62: there is no node "m" (did you mean "n"?)`}},
		"body in two":            {`nodes: [{id: n, type: ForEach, config: {items: [1], body: m}}, {id: o, type: ForEach, config: {items: [1], body: m}}, {id: m, type: Agent, config: {agent: a}}]`, []string{`flow.yaml:5:61: node "m" stands in the bodies of two nodes`, `flow.yaml:5:71: node "o" is never reached`}},
		"end in a body":          {`nodes: [{id: n, type: ForEach, config: {items: [1], body: {type: End}}}]`, []string{`flow.yaml:5:61: a node of type End cannot stand in the body of a ForEach`}},
		"join of nothing":        {`nodes: [{id: n, type: Join}]`, []string{`flow.yaml:5:16: node "n" of type Join has nothing to join: no connection from another node leads to it`}},
		"condition without a word": {`nodes: [{id: n, type: Conditional, config: {condition: "true"}}, {id: m, type: End}]
  connections: [{from: start, to: n}, {from: n, to: m}]`, []string{`flow.yaml:5:73: the connection from "n" to "m" does not say which: write when: true or when: false`}},
		"too many tries":      {`nodes: [{id: n, type: Agent, config: {agent: a}, retry: {max_attempts: 100}}]`, []string{`flow.yaml:5:74: max_attempts is from 1 to 20`}},
		"time-out":            {`nodes: [{id: n, type: Agent, config: {agent: a}, timeout: soon}]`, []string{`flow.yaml:5:61: expected a time span such as 30s, 5m, 2h or 30d, found "soon"`}},
		"handler":             {`nodes: [{id: n, type: Agent, config: {agent: a}, on_error: rescue}]`, []string{`flow.yaml:5:62: there is no node "rescue"`}},
		"handler in a circle": {`nodes: [{id: n, type: Agent, config: {agent: a}, on_error: n}]`, []string{`flow.yaml:5:16: node "n" is never reached`, `flow.yaml:5:16: the flow goes in a circle: n -> n`}},
		"header":              {`nodes: [{id: n, type: HTTP, config: {url: "https://x", headers: {Authorization: y}}}]`, []string{`flow.yaml:5:68: header "Authorization" cannot be set here, only Accept and Content-Type: what a host has to be told of who asks belongs in daemon.yaml`}},
		"body of a GET":       {`nodes: [{id: n, type: HTTP, config: {url: "https://x", body: {a: 1}}}]`, []string{`flow.yaml:5:64: a GET request has no body`}},
		"two transforms":      {`nodes: [{id: n, type: Transform, config: {template: x, value: {a: 1}}}]`, []string{`flow.yaml:5:44: node "n" of type Transform needs one of template, value and script in its config`}},
		"a shell":             {"nodes: [{id: n, type: Transform, config: {script: \"rm -rf /\"}}]", []string{`flow.yaml:5:53: no shell is run for a script: its lines have the form export NAME="…", not "rm -rf /"`, `flow.yaml:5:53: the script exports nothing`}},
		"point in time":       {`nodes: [{id: n, type: Wait, config: {until: tomorrow}}]`, []string{`flow.yaml:5:47: expected a point in time such as 2026-01-31T09:00:00Z, found "tomorrow"`}},
		"id with a quote":     {`nodes: [{id: "n'", type: End}]`, []string{`flow.yaml:5:16: the id "n'" has a quote, a bracket or a line end in it, or more than 100 bytes: expressions could not name it`}},
		"itself": {`nodes: [{id: n, type: Flow, config: {flow: g}}]
---
kind: Flow
metadata: {name: g}
spec: {nodes: [{id: n, type: Flow, config: {flow: f}}]}`, []string{`flow.yaml:5:46: the flow runs itself: f -> g -> f`}},
		"variable of another body": {`nodes: [{id: n, type: Transform, config: {template: "{{ item }}"}}]`, []string{`flow.yaml:5:55: there is no variable "item"`}},
		"name of a variable":       {`nodes: [{id: n, type: ForEach, config: {items: [1], item: nodes, body: {agent: a}}}]`, []string{`flow.yaml:5:61: "nodes" cannot be the name of a variable`}},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			_, err := load(t, "kind: Flow\nmetadata: {name: f}\n# a line\nspec:\n  "+tc.spec)
			if err == nil {
				t.Fatal("it loads")
			}
			var got []string
			for _, line := range strings.Split(err.Error(), "\n") {
				if !strings.Contains(line, "warning:") {
					got = append(got, line)
				}
			}
			if diff := cmp.Diff(tc.want, got); diff != "" {
				t.Errorf("errors (-want +got):\n%s", diff)
			}
		})
	}
}
