// Package client calls agents over the Agent2Agent protocol in any of its four
// dialects: those of A2A 0.3 and 1.0, and those of Jira.
//
// It writes its requests and reads the answers by itself, without the code that
// the endpoint answers with, so that what both ends say has been understood twice.
// It reads leniently, as clients should; whoever wants to judge an answer gets it as
// it came.
package client
