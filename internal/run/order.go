package run

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"

	"github.com/aofctl/aofctl/internal/durable"
	"github.com/aofctl/aofctl/internal/event"
	"github.com/aofctl/aofctl/internal/manifest"
	"github.com/aofctl/aofctl/internal/route"
	"github.com/aofctl/aofctl/internal/store"
	"github.com/aofctl/aofctl/internal/store/inbox"
)

// Names of the triggers of runs that an operator asked for.
const (
	operatorTrigger = "operator"
	dryRunTrigger   = "operator (dry run)"
)

// Order is an operator's wish for a run: of a target on an issue, once more of what
// a run did, or of what the routing says of an event that was delivered before.
type Order struct {
	// Run is the run that is to be done once more; "" for none. It says all the rest
	// but DryRun, Manifest, Source and By.
	Run string `json:"run,omitempty"`
	// Kind and Name are the target; both "" for what the routing says of the event.
	Kind string `json:"kind,omitempty"`
	Name string `json:"name,omitempty"`
	// Site and Issue name the Jira issue to work on; Issue is "" for the event's.
	Site  string `json:"site,omitempty"`
	Issue string `json:"issue,omitempty"`
	// Page names the page of Confluence to work on, by its id or its address.
	Page string `json:"page,omitempty"`
	// Delivery is the delivery whose event is to be worked on; "" for none.
	Delivery string `json:"delivery,omitempty"`
	// DryRun changes nothing outside.
	DryRun bool `json:"dry_run,omitempty"`
	// Args and Params are as behind a command.
	Args   string            `json:"args,omitempty"`
	Params map[string]string `json:"params,omitempty"`
	// Manifest is the text of the target's manifest, or bundle, in the place of the
	// one in force; only for a dry run. Source is where it comes from.
	Manifest string `json:"manifest,omitempty"`
	Source   string `json:"source,omitempty"`
	// By is who asks.
	By string `json:"by,omitempty"`
}

// String tells the order in words.
func (o Order) String() string {
	what := o.Kind + "/" + o.Name
	switch {
	case o.Run != "":
		what = "run " + o.Run + " once more"
	case o.Kind == "":
		what = "delivery " + o.Delivery + " once more"
	}
	if o.Issue != "" {
		what += " on " + o.Issue
	}
	if o.Page != "" {
		what += " on page " + o.Page
	}
	if o.By != "" {
		what += " by " + o.By
	}
	if o.DryRun {
		what += ", dry"
	}
	return "order " + what
}

// Check says what is wrong with an order.
func (o Order) Check() error {
	switch {
	case o.Run != "" && (o.Kind != "" || o.Name != "" || o.Site != "" || o.Issue != "" || o.Page != "" || o.Delivery != "" || o.Args != "" || len(o.Params) > 0):
		return errors.New("a run that is to be repeated says itself what is to be done")
	case (o.Kind == "") != (o.Name == ""):
		return errors.New("a target has a kind and a name")
	case o.Kind == "" && o.Delivery == "" && o.Run == "":
		return errors.New("name a target, a run or a delivery")
	case o.Issue != "" && !event.IsIssueKey(o.Issue):
		return fmt.Errorf("%q is not the key of an issue", o.Issue)
	case o.Page != "" && (o.Issue != "" || o.Delivery != "" || o.Site != ""):
		return errors.New("name a page alone, without an issue, a delivery or a site of Jira")
	case o.Manifest != "" && !o.DryRun:
		return errors.New("a manifest that is not in force can only be run dry")
	case o.Manifest != "" && o.Kind == "" && o.Run == "":
		return errors.New("a manifest needs the target that it describes")
	}
	return nil
}

// order makes the runs that an operator asked for. No filter and no breaker stands
// in their way.
func (d *Dispatcher) order(ctx context.Context, it item) (inbox.Outcome, error) {
	whole, err := d.cfg.Inbox.Get(ctx, it.delivery.ID) // in a lane waits the event alone
	if err != nil {
		return inbox.Outcome{}, err
	}
	var o Order
	if err := json.Unmarshal(whole.Body, &o); err != nil {
		return inbox.Outcome{}, &durable.HopelessError{Cause: fmt.Errorf("decode order: %w", err)}
	}
	if err := o.Check(); err != nil {
		return inbox.Outcome{}, &durable.HopelessError{Cause: err}
	}
	runs, revisions, reason, err := d.asked(ctx, it, o)
	if err != nil || len(runs) == 0 {
		return inbox.Outcome{State: inbox.StateIgnored, Reason: reason}, err
	}
	if err := o.dress(it.delivery.ID, runs, &revisions); err != nil {
		return inbox.Outcome{}, err
	}
	if err := d.cfg.Store.Admit(ctx, d.cfg.Lease(), runs, revisions); err != nil {
		return inbox.Outcome{}, fmt.Errorf("admit runs: %w", err)
	}
	d.cfg.Admitted()
	return d.started(it, &runs[0], nil), nil
}

// asked are the runs that an order asks for, or why there are none.
func (d *Dispatcher) asked(ctx context.Context, it item, o Order) (runs []store.Run, revisions []store.Revision, reason string, err error) {
	routes := d.cfg.Router.Current()
	if o.Run != "" {
		r, err := d.repeated(ctx, it, routes, o.Run)
		if err != nil {
			return nil, nil, "", err
		}
		if rev, found := d.equip(&r, routes); found {
			revisions = append(revisions, rev)
		}
		return []store.Run{r}, revisions, "", nil
	}
	decision, err := d.ordered(ctx, &it, routes, o)
	if err != nil || len(decision.Matches) == 0 {
		return nil, nil, decision.Reason, err
	}
	runs, revisions, err = d.runs(it, routes, decision.Matches)
	return runs, revisions, "", err
}

// repeated is a run that does what another was admitted for: with its event and
// what the event was given meanwhile, its command and its parameters.
func (d *Dispatcher) repeated(ctx context.Context, it item, routes Routes, id string) (store.Run, error) {
	first, err := d.cfg.Store.Run(ctx, id)
	if errors.Is(err, store.ErrNotFound) {
		return first, &durable.HopelessError{Cause: err}
	}
	if err != nil {
		return first, err
	}
	if err := Repeatable(first); err != nil {
		return first, &durable.HopelessError{Cause: err}
	}
	work, err := decodeWork(first)
	if err != nil {
		return first, &durable.HopelessError{Cause: err}
	}
	work.Seed = d.cfg.Seed()
	again := store.Run{ID: runID(it.delivery.ID, 0), Delivery: it.delivery.ID, Source: first.Source, Site: first.Site, Subject: first.Subject,
		Project: first.Project, IssueKey: first.IssueKey, EventType: first.EventType, Actor: first.Actor, Trigger: operatorTrigger,
		TargetKind: first.TargetKind, Target: first.Target, Catalog: routes.Revision, State: store.StateQueued}
	if first.Source == event.SourceOperator { // it was dry and had a line of its own
		ev := &work.Event
		again.Source, again.Site, again.Subject = ev.Source, ev.Site, cmp.Or(ev.Subject, again.ID)
		if ev.IssueID != "" {
			again.Source, again.Subject = event.SourceJira, "issue:"+ev.IssueID
		}
	}
	again.Work, err = encodeWork(work)
	return again, err
}

// Repeatable says why a run cannot be done once more; nil if it can.
func Repeatable(r store.Run) error {
	switch {
	case r.TargetKind == string(route.TargetReply):
		return fmt.Errorf("run %s is a reply of the program itself: there is nothing to repeat", r.ID)
	case r.Source == event.SourceA2A:
		return fmt.Errorf("run %s cannot be repeated: it works for somebody who waits for its task, with their rights; they have to send their message again", r.ID)
	case r.Wiped:
		return fmt.Errorf("run %s cannot be repeated: what it was to do is deleted with what was said in it, as storage.retention.transcripts says", r.ID)
	case len(r.Work) == 0:
		return fmt.Errorf("run %s cannot be repeated: it ended so long ago that what it was to do is deleted", r.ID)
	}
	return nil
}

// ordered finds the event that is to be worked on, and what is to be run for it.
func (d *Dispatcher) ordered(ctx context.Context, it *item, routes Routes, o Order) (route.Decision, error) {
	if err := d.subjectOf(ctx, it, o); err != nil {
		return route.Decision{}, err
	}
	match := route.Match{Trigger: &manifest.Trigger{Meta: manifest.Meta{Name: operatorTrigger}, Site: o.Site},
		Target: manifest.Target{Kind: manifest.TargetKind(o.Kind), Name: o.Name}}
	if o.Args != "" || len(o.Params) > 0 {
		match.Command = &route.Invocation{Name: operatorTrigger, Args: o.Args, ArgsList: strings.Fields(o.Args), Params: o.Params}
	}
	if o.Kind != "" {
		return route.Decision{Matches: []route.Match{match}}, nil
	}
	in, err := d.cfg.Accounts.Input(ctx, it.event.Source, it.event.Site)
	if err != nil {
		return route.Decision{}, fmt.Errorf("tell our own account: %w", err)
	}
	decision, err := routes.Table.Resolve(ctx, it.event, in, d.cfg.Asker)
	if err != nil {
		return decision, fmt.Errorf("ask for what the decision needs: %w", err)
	}
	*it, err = d.settle(ctx, *it, routes, &decision)
	return decision, err
}

// subjectOf puts the event of an earlier delivery, or one about an issue, in the
// place of the order's.
func (d *Dispatcher) subjectOf(ctx context.Context, it *item, o Order) error {
	if o.Delivery != "" {
		return d.again(ctx, it, o)
	}
	if o.Page != "" {
		return d.pageOf(ctx, it.event, o.Page)
	}
	ev := it.event
	ev.Source, ev.Site, ev.Vars["event_type"] = event.SourceJira, o.Site, ev.Type
	if o.Issue == "" {
		return nil
	}
	issue, found, err := d.cfg.Issues.Issue(ctx, o.Site, o.Issue)
	if err != nil {
		return fmt.Errorf("look for issue %s: %w", o.Issue, err)
	}
	if !found {
		return &durable.HopelessError{Cause: fmt.Errorf("there is no issue %s, or we may not see it", o.Issue)}
	}
	ev.Site, ev.IssueID, ev.IssueKey, ev.Project, ev.Subject = issue.Site, issue.ID, issue.Key, issue.Project, "issue:"+issue.ID
	ev.Vars["issue_id"], ev.Vars["issue_key"], ev.Vars["project_key"] = issue.ID, issue.Key, issue.Project
	return nil
}

// pageOf makes an event about a page.
func (d *Dispatcher) pageOf(ctx context.Context, ev *event.Event, named string) error {
	missing := &durable.HopelessError{Cause: fmt.Errorf("there is no page %s, or we may not see it", named)}
	if d.cfg.Pages == nil {
		return missing
	}
	page, found, err := d.cfg.Pages.Page(ctx, named)
	if err != nil {
		return fmt.Errorf("look for page %s: %w", named, err)
	}
	if !found {
		return missing
	}
	ev.Source, ev.Subject = event.SourceConfluence, "page:"+page.ID
	for name, value := range map[string]string{
		"event_type": ev.Type, "page_id": page.ID, "page_title": page.Title, "page_url": page.URL, "space_key": page.Space,
	} {
		ev.Vars[name] = value
	}
	return nil
}

// again takes the event of an earlier delivery.
func (d *Dispatcher) again(ctx context.Context, it *item, o Order) error {
	first, err := d.cfg.Inbox.Get(ctx, o.Delivery)
	if errors.Is(err, inbox.ErrNotFound) {
		return &durable.HopelessError{Cause: err}
	}
	if err != nil {
		return err
	}
	ev, err := d.normalize(ctx, first)
	if err != nil {
		return &durable.HopelessError{Cause: fmt.Errorf("read delivery %s: %w", o.Delivery, err)}
	}
	it.event = ev
	if d.unplaced(ev) {
		return d.cfg.Placer.Place(ctx, ev)
	}
	return nil
}

// dress gives the runs what the order says of them.
func (o Order) dress(delivery string, runs []store.Run, revisions *[]store.Revision) error {
	for i := range runs {
		work, err := decodeWork(runs[i])
		if err != nil {
			return err
		}
		work.DryRun = o.DryRun
		if o.DryRun { // it changes nothing, so it waits for nobody
			runs[i].Trigger, work.Response = dryRunTrigger, ""
			runs[i].Source, runs[i].Subject = event.SourceOperator, runs[i].ID
		}
		if runs[i].Work, err = encodeWork(work); err != nil {
			return err
		}
	}
	if o.Manifest == "" {
		return nil
	}
	text := store.Revision{Revision: "order:" + delivery, Kind: runs[0].TargetKind, Name: runs[0].Target, Source: o.Source, Text: o.Manifest}
	runs[0].State, runs[0].Error, runs[0].Revision = store.StateQueued, "", text.Revision
	*revisions = []store.Revision{text}
	return nil
}
