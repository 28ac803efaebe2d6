// Package model is a scripted stand-in for a language model: an HTTP server with
// OpenAI's chat completions that answers by rules. It checks requests as
// strictly as a real provider does, and it says of itself, in the model field of
// each answer, that it is "sandbox-script".
//
// # Rules
//
// Rules are YAML. The first rule whose conditions hold answers:
//
//	let:                                  # what the rules take from the conversation
//	  issue:
//	    in: all                           # user (default), system, results, data or all
//	    match: ['Issue: (\S+)', '\b([A-Z]+-\d+)\b']   # the first pattern that is found; its group, or the whole
//	    else: NONE-0                      # otherwise; without it the value is missing
//	  priority:
//	    first:                            # the value of the first case that holds
//	      - {has: [outage, crash], then: Highest}   # one of them begins a word, letter case ignored
//	      - {if: '5\d\d', then: High}       # or a pattern is found
//	    else: Medium
//	  labels:
//	    every:                            # a list: the values of all cases that hold
//	      - {has: api, then: backend}
//	rules:
//	  - name: set the priority
//	    when:                             # all of it must hold; a list means all of its entries
//	      system_contains: triage         # texts, letter case ignored
//	      user_contains: [bug]            # also data_contains and all_contains
//	      system_matches: 'severity'      # patterns (RE2); also user_matches, data_matches
//	      tool_available: jira_update_issue
//	      called: []                      # tools that were called before in the conversation
//	      not_called: [jira_update_issue]
//	      after_tool: jira_get_issue      # a tool that the last message answers for
//	      turn: 1                         # which answer of the conversation this is, from 1
//	    call:
//	      - tool: jira_update_issue
//	        args: {issue_key: "${issue}", fields: {priority: "${priority}"}}
//	    say: "The priority is ${priority}."   # call, say or both
//
// The scopes are: system, the system message; user, the user's messages;
// results, what tools answered; data, user and results; all, system and user.
//
// ${name} stands for a value of let; a text that is nothing else becomes the
// value itself, so that a list stays a list. $${ is a plain ${. ${system} is the
// beginning of the system message. A rule that uses a missing value does not
// apply, nor does one whose calls were all made before with the same arguments:
// so that rules need not say when they are done. If no rule applies, the answer
// is a text that says so.
package model
