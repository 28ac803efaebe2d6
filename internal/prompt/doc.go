// Package prompt turns an agent's instructions and the data of an event into
// what a model is told: it compiles and renders templates, evaluates the
// expressions of filters and conditions, and keeps apart what the operator
// wrote and what came from outside.
//
// # Templates
//
// Templates are Jinja2 as minijinja understands it. A variable that is missing
// or null renders empty, whatever is asked of it (metadata.a.b). Values are
// data: they are never parsed as template, and no Go method can be called on
// them. A render is bounded in steps, in depth and in output. Nothing can be
// included or imported. No other package imports the engine.
//
// # Operator text and untrusted data
//
// Instructions are the system prompt, so what a stranger wrote into an issue
// must not get there, even if the instructions say {{ metadata.issue_summary }}.
// [Builder.Build] renders them by this rule:
//
//   - Conditions, loops, tests, comparisons and filters see the real values:
//     {% if metadata.comment_body %} and {% for i in metadata.changelog_items %}
//     do what they say.
//   - Where a value is printed, numbers and booleans appear as they are, and so
//     does a string that is trusted. Trusted are the strings that the template
//     itself contains, the operator's own variables (params, agent, now), and
//     identifiers: event variables which by their name hold an id, a key, a date
//     or a name from the administrator's lists (issue type, status, priority)
//     and whose value also keeps to a narrow character set and length.
//   - Every other string, and everything that is computed from one, appears as
//     a reference such as [issue_summary: see the data below].
//
// The rule is closed: a value is printed because it is known to be harmless,
// not hidden because it is known to be dangerous. What is referred to, and a
// compact default set, follows in the user prompt, inside markers with a random
// boundary ([Untrusted]) and without invisible characters ([Clean]). Thereby the
// system prompt also stays the same from run to run as far as the template
// allows, so that providers can cache it.
//
// Markers help a model to tell data from instructions; they do not force it to.
// What an agent may do is limited elsewhere, in code.
package prompt
