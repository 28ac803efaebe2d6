package github

import "github.com/aofctl/aofctl/internal/event"

// Guess tells the name of the event that a body is of, which GitHub tells in a
// header only; "" for what is no body of GitHub's. It knows the events that
// people send by hand.
func Guess(body []byte) string {
	in, err := event.Object(body)
	if err != nil || in.Get("webhookEvent").Exists() || !in.Get("repository.full_name").Exists() && !in.Get("zen").Exists() {
		return ""
	}
	for _, sign := range []struct{ name, path string }{
		{"ping", "zen"}, {"pull_request_review", "review"}, {"pull_request_review_comment", "comment.pull_request_url"}, {"issue_comment", "comment.issue_url"},
		{"commit_comment", "comment.commit_id"}, {"pull_request", "pull_request"}, {"issues", "issue"}, {"push", "commits"}, {"release", "release"},
		{"deployment_status", "deployment_status"}, {"deployment", "deployment"}, {"check_run", "check_run"}, {"check_suite", "check_suite"},
		{"workflow_job", "workflow_job"}, {"workflow_run", "workflow_run"}, {"fork", "forkee"},
	} {
		if in.Get(sign.path).Exists() {
			return sign.name
		}
	}
	return ""
}
