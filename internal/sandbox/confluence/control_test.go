package confluence

import (
	"strings"
	"testing"
)

func TestTheSiteIsControlledFromOutside(t *testing.T) {
	s := newSite(t, Options{Kind: DataCenter})
	at := strings.TrimSuffix(controlPath, "/") + "/"
	post := func(what, body string, status int) reply {
		t.Helper()
		a := s.send("POST", at+what, body, nil)
		if a.status != status {
			t.Fatalf("%s %s: %d %s", what, body, a.status, a.raw)
		}
		return a
	}
	url, got := receiver(t)
	post("webhooks", `{"url":"`+url+`","secret":"s"}`, 201)
	made := post("act", `{"as":"alice","action":"create_page","space":"DOC","title":"T","body":"<p>some text</p>"}`, 200)
	id, _ := made.body["id"].(string)
	for _, act := range []string{
		`{"as":"bob","action":"edit_page","page":"ID","body":"<p>some more</p>","message":"m"}`, `{"as":"bob","action":"rename_page","page":"ID","title":"U"}`,
		`{"as":"bob","action":"label","page":"ID","label":"l"}`, `{"as":"bob","action":"comment","page":"ID","body":"<p>c</p>"}`,
		`{"as":"bob","action":"comment","page":"ID","selection":"some","body":"<p>i</p>"}`,
	} {
		post("act", strings.ReplaceAll(act, "ID", id), 200)
	}
	post("wait", "", 204)
	if n := len(got()); n != 6 {
		t.Errorf("%d deliveries", n)
	}
	page := s.send("GET", at+"pages/"+id, "", nil)
	if page.body["title"] != "U" || page.body["version"] != 3.0 || len(page.body["comments"].([]any)) != 2 {
		t.Errorf("%s", page.raw)
	}
	post("faults", `{"effect":"status","status":418,"path":"/space","count":1}`, 201)
	if a := s.do("GET", "/rest/api/space", ""); a.status != 418 {
		t.Errorf("fault: %d", a.status)
	}
	log := s.send("GET", at+"requests", "", nil)
	if !strings.Contains(log.raw, `"fault":"status"`) || !strings.Contains(log.raw, `"applied":0`) {
		t.Errorf("%s", log.raw)
	}
	post("act", `{"as":"alice","action":"trash_page","page":"`+id+`"}`, 200)
	post("reset", "", 204)
	if a := s.send("GET", at+"pages/"+id, "", nil); a.status != 404 {
		t.Errorf("after the reset: %d", a.status)
	}
}

func TestWrongOrdersAreRefused(t *testing.T) {
	s := newSite(t, Options{})
	for what, body := range map[string]string{
		"act": `{"as":"alice","action":"dance"}`, "faults": `{"effect":"dance"}`, "webhooks": `{"url":"http://x"}`, "rules": `{"uri":"x"}`,
	} {
		if a := s.send("POST", controlPath+what, body, nil); a.status != 400 {
			t.Errorf("%s: %d %s", what, a.status, a.raw)
		}
	}
	for _, body := range []string{
		`{"as":"nobody","action":"create_page","space":"DOC","title":"x"}`, `{"as":"bob","action":"create_page","space":"NOPE","title":"x"}`,
		`{"as":"bob","action":"create_page","space":"POLICY","title":"x"}`, `{"as":"bob","action":"edit_page","page":"1","body":""}`,
	} {
		if a := s.send("POST", controlPath+"act", body, nil); a.status < 400 || a.status > 404 {
			t.Errorf("%s: %d %s", body, a.status, a.raw)
		}
	}
	for _, f := range []Fault{{Effect: Answer}, {Effect: CutAfter, Count: -1}, {Effect: CutAfter, Method: "("}, {Effect: CutAfter, Path: "("}} {
		if _, err := s.AddFault(f); err == nil {
			t.Errorf("%+v", f)
		}
	}
}

func TestFaultsStrikeBeforeOrAfterTheEffect(t *testing.T) {
	s := newSite(t, Options{})
	p := s.page("P", "")
	label := func() reply {
		return s.do("POST", "/wiki/rest/api/content/"+p+"/label", `[{"prefix":"global","name":"x"}]`)
	}
	for _, e := range []struct {
		fault  Fault
		status int
		done   bool
	}{
		{Fault{Effect: CutBefore}, 0, false},
		{Fault{Effect: Answer, Status: 503}, 503, false},
		{Fault{Effect: Answer, Status: 500, Method: "POST", Skip: 1}, 200, true},
		{Fault{Effect: CutAfter}, 0, true},
		{Fault{Effect: Malformed}, 200, true},
		{Fault{Effect: Answer, Status: 429, RetryAfter: "3", After: true}, 429, true},
	} {
		if err := s.Reset(); err != nil {
			t.Fatal(err)
		}
		p = s.page("P", "")
		e.fault.Count = 1
		if _, err := s.AddFault(e.fault); err != nil {
			t.Fatal(err)
		}
		a := label()
		state, _ := s.Page(p)
		if a.status != e.status || (len(state.Labels) == 1) != e.done {
			t.Errorf("%+v: status %d, labels %v", e.fault, a.status, state.Labels)
		}
		log := s.Requests()
		if last := log[len(log)-1]; (last.Applied == 200) != e.done || last.Status != e.status {
			t.Errorf("%+v: %+v", e.fault, last)
		}
	}
}
