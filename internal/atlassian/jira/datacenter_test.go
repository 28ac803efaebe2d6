package jira_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/aofctl/aofctl/internal/atlassian"
	"github.com/aofctl/aofctl/internal/atlassian/jira"
)

type object = map[string]any

// dataCenter is as much of a Jira Data Center under a context path as differs
// from Cloud. It refuses bodies that Data Center refuses.
type dataCenter struct {
	t  *testing.T
	mu sync.Mutex
	// asked are the requests, as "METHOD path?query".
	asked []string
	// bodies are the bodies of writes.
	bodies []object
	// oldestFirst is an old server that does not know orderBy.
	oldestFirst bool
	comments    []object
	worklogs    []object
	properties  map[string]any
	// dieBeforeProperty refuses to keep properties.
	dieBeforeProperty bool
}

func newDataCenter(t *testing.T) (*dataCenter, *jira.Client) {
	t.Helper()
	d := &dataCenter{t: t, properties: map[string]any{}}
	mux := http.NewServeMux()
	api := func(pattern string, h func(w http.ResponseWriter, r *http.Request, body object)) {
		method, path, _ := strings.Cut(pattern, " ")
		mux.HandleFunc(method+" /jira/rest/api/2/"+path, func(w http.ResponseWriter, r *http.Request) { d.serve(w, r, h) })
	}
	api("GET serverInfo", func(w http.ResponseWriter, _ *http.Request, _ object) {
		write(w, 200, object{"deploymentType": "Server", "version": "10.3.1"})
	})
	api("GET myself", func(w http.ResponseWriter, _ *http.Request, _ object) {
		write(w, 200, object{"name": "bot", "key": "JIRAUSER1", "displayName": "Bot"})
	})
	api("GET project", func(w http.ResponseWriter, _ *http.Request, _ object) {
		write(w, 200, []object{{"key": "A"}, {"key": "B"}})
	})
	api("GET user/assignable/search", func(w http.ResponseWriter, r *http.Request, _ object) {
		if r.URL.Query().Get("username") == "" || r.URL.Query().Has("query") {
			write(w, 400, object{"errorMessages": []string{"The username query parameter was not provided"}})
			return
		}
		write(w, 200, []object{{"name": "al", "key": "JIRAUSER2", "displayName": "Al"}})
	})
	api("PUT issue/{key}/assignee", func(w http.ResponseWriter, _ *http.Request, body object) {
		if _, ok := body["name"]; !ok || len(body) != 1 {
			write(w, 400, object{"errorMessages": []string{"Unrecognized field"}})
			return
		}
		w.WriteHeader(204)
	})
	api("POST search", d.search)
	api("GET issue/{key}/comment", d.listComments)
	api("GET comment/{id}/properties/{name}", d.property)
	api("GET issue/{key}/worklog", func(w http.ResponseWriter, _ *http.Request, _ object) {
		write(w, 200, object{"worklogs": d.worklogs, "total": len(d.worklogs), "startAt": 0})
	})
	api("POST issue/{key}/worklog", d.addWorklog)
	api("GET issue/{key}/properties/{name}", d.property)
	api("PUT issue/{key}/properties/{name}", func(w http.ResponseWriter, r *http.Request, body object) {
		if d.dieBeforeProperty {
			write(w, 403, object{})
			return
		}
		d.properties["issue/"+r.PathValue("name")] = body
		w.WriteHeader(201)
	})
	web := httptest.NewServer(mux)
	t.Cleanup(web.Close)
	return d, connect(t, atlassian.Config{BaseURL: web.URL + "/jira/", AuthType: atlassian.AuthPAT, Token: "pat", FirstBackoff: time.Millisecond})
}

func connect(t *testing.T, cfg atlassian.Config) *jira.Client {
	t.Helper()
	tr, err := atlassian.NewTransport(cfg)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(tr.Client().CloseIdleConnections)
	c, err := jira.New(tr)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func (d *dataCenter) serve(w http.ResponseWriter, r *http.Request, h func(http.ResponseWriter, *http.Request, object)) {
	d.mu.Lock()
	defer d.mu.Unlock()
	asked := r.Method + " " + strings.TrimPrefix(r.URL.Path, "/jira/rest/api/2/")
	if r.URL.RawQuery != "" {
		asked += "?" + r.URL.RawQuery
	}
	d.asked = append(d.asked, asked)
	var body object
	if r.Method != http.MethodGet {
		if err := json.NewDecoder(r.Body).Decode(&body); err != nil {
			d.t.Errorf("%s: %v", asked, err)
		}
		d.bodies = append(d.bodies, body)
	}
	if r.Header.Get("Authorization") != "Bearer pat" {
		write(w, 401, object{})
		return
	}
	h(w, r, body)
}

func write(w http.ResponseWriter, status int, v any) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(v)
}

func (d *dataCenter) search(w http.ResponseWriter, _ *http.Request, body object) {
	start, size, total := int(body["startAt"].(float64)), int(body["maxResults"].(float64)), 5
	var issues []object
	for i := start; i < min(start+size, total); i++ {
		issues = append(issues, object{"id": strconv.Itoa(i), "key": fmt.Sprintf("A-%d", i+1), "fields": object{"summary": "s"}})
	}
	write(w, 200, object{"issues": issues, "total": total, "startAt": start})
}

func (d *dataCenter) listComments(w http.ResponseWriter, r *http.Request, _ object) {
	list := slices.Clone(d.comments)
	if !d.oldestFirst && r.URL.Query().Get("orderBy") == "-created" {
		slices.Reverse(list)
	}
	start, _ := strconv.Atoi(r.URL.Query().Get("startAt"))
	size, _ := strconv.Atoi(r.URL.Query().Get("maxResults"))
	start = min(start, len(list))
	write(w, 200, object{"comments": list[start:min(start+size, len(list))], "total": len(list), "startAt": start})
}

func (d *dataCenter) property(w http.ResponseWriter, r *http.Request, _ object) {
	where := "comment/" + r.PathValue("id")
	if strings.Contains(r.URL.Path, "/issue/") {
		where = "issue/" + r.PathValue("name")
	}
	value, ok := d.properties[where]
	if !ok || !strings.HasPrefix(r.PathValue("name"), "aofctl") {
		write(w, 404, object{"errorMessages": []string{"The property does not exist."}})
		return
	}
	write(w, 200, object{"key": r.PathValue("name"), "value": value})
}

func (d *dataCenter) addWorklog(w http.ResponseWriter, _ *http.Request, body object) {
	if _, ok := body["properties"]; ok {
		write(w, 400, object{"errorMessages": []string{`Unrecognized field "properties"`}})
		return
	}
	entry := object{
		"id": strconv.Itoa(len(d.worklogs) + 1), "author": object{"name": "bot", "key": "JIRAUSER1"}, "comment": body["comment"],
		"timeSpent": body["timeSpent"], "timeSpentSeconds": 3600, "created": stamp(time.Now()), "started": stamp(time.Now()),
	}
	d.worklogs = append(d.worklogs, entry)
	write(w, 201, entry)
}

func stamp(t time.Time) string { return t.Format("2006-01-02T15:04:05.000-0700") }

// comment adds a comment of that age, the oldest first.
func (d *dataCenter) comment(author string, age time.Duration) string {
	id := strconv.Itoa(len(d.comments) + 1)
	d.comments = append(d.comments, object{
		"id": id, "author": object{"name": author, "key": author}, "body": "b" + id, "created": stamp(time.Now().Add(-age)),
	})
	return id
}

func (d *dataCenter) askedFor(part string) int {
	d.mu.Lock()
	defer d.mu.Unlock()
	n := 0
	for _, a := range d.asked {
		if strings.Contains(a, part) {
			n++
		}
	}
	return n
}
