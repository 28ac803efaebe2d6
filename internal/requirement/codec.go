package requirement

import (
	"bytes"
	"compress/flate"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"regexp"
	"slices"
	"strings"
)

// Key is the property of a page that the register is kept in.
const Key = "aofctl.requirements"

// MaxBytes is Confluence's limit for the value of a property
// (https://developer.atlassian.com/cloud/confluence/confluence-entity-properties/).
const MaxBytes = 32 << 10

const (
	version = 1
	// maxPlain is up to which size a register is kept as it is; a larger one is packed.
	maxPlain = 20 << 10
	// maxUnpacked bounds what a packed register may become.
	maxUnpacked = 2 << 20
)

// The errors of reading and writing a register.
var (
	// ErrForeign says that the value is not a register, or one of a later version:
	// it must not be replaced unseen.
	ErrForeign = errors.New("the property " + Key + " holds something that this version cannot read. If no later version wrote it, remove the property: ids and issues come back from the links when the page is registered")
	// ErrTooLarge says that the register does not fit into a property.
	ErrTooLarge = fmt.Errorf("the register of this page does not fit into a property of Confluence, which holds %d bytes: divide the page", MaxBytes)
)

// envelope is the value of the property.
type envelope struct {
	Version int `json:"version"`
	// Packed is the register in base64 of DEFLATE, in place of its members.
	Packed string `json:"packed,omitempty"`
	*Register
}

// Encode makes the value of the property, at most [MaxBytes] long. Of requirements
// that are gone it keeps less, if all does not fit; ids are always kept.
func Encode(r Register) (json.RawMessage, error) {
	if r.Requirements == nil {
		r.Requirements = []Requirement{}
	}
	for _, smaller := range []func(Register) Register{
		func(r Register) Register { return r },
		func(r Register) Register { return lean(r, false) },
		func(r Register) Register { return lean(r, true) },
	} {
		raw, err := pack(smaller(r))
		if err != nil || len(raw) <= MaxBytes {
			return raw, err
		}
	}
	return nil, ErrTooLarge
}

func pack(r Register) (json.RawMessage, error) {
	raw, err := json.Marshal(envelope{Version: version, Register: &r})
	if err != nil || len(raw) <= maxPlain {
		return raw, err
	}
	inner, err := json.Marshal(r)
	if err != nil {
		return nil, err
	}
	var b bytes.Buffer
	w, err := flate.NewWriter(&b, flate.BestCompression)
	if err != nil {
		return nil, err
	}
	if _, err := w.Write(inner); err != nil {
		return nil, err
	}
	if err := w.Close(); err != nil {
		return nil, err
	}
	return json.Marshal(envelope{Version: version, Packed: base64.StdEncoding.EncodeToString(b.Bytes())})
}

// lean keeps of what is gone no more than what ids, links and a return need; with
// all, of current requirements no sketches either.
func lean(r Register, all bool) Register {
	r = r.Clone()
	for i := range r.Requirements {
		one := &r.Requirements[i]
		if one.State == Removed {
			one.Criteria = nil
		}
		if all || one.State == Removed {
			one.Sketch = nil
		}
	}
	return r
}

// Decode reads the value of the property. Whatever somebody else made of it becomes
// a register whose ids are valid and unique, or is [ErrForeign].
func Decode(raw json.RawMessage) (Register, error) {
	var e envelope
	e.Register = &Register{}
	if err := json.Unmarshal(raw, &e); err != nil {
		return Register{}, ErrForeign // what the decoder says of it helps nobody
	}
	if e.Version != version || e.Register == nil {
		return Register{}, fmt.Errorf("%w: version %d, not %d", ErrForeign, e.Version, version)
	}
	if e.Packed != "" {
		inner, err := unpack(e.Packed)
		if err != nil {
			return Register{}, fmt.Errorf("%w: %w", ErrForeign, err)
		}
		*e.Register = Register{}
		if err := json.Unmarshal(inner, e.Register); err != nil {
			return Register{}, fmt.Errorf("%w: %w", ErrForeign, err)
		}
	}
	return mended(*e.Register), nil
}

func unpack(text string) ([]byte, error) {
	packed, err := base64.StdEncoding.DecodeString(text)
	if err != nil {
		return nil, err
	}
	r := flate.NewReader(bytes.NewReader(packed))
	inner, err := io.ReadAll(io.LimitReader(r, maxUnpacked+1))
	if err != nil {
		return nil, err
	}
	if len(inner) > maxUnpacked {
		return nil, fmt.Errorf("it has more than %d bytes", maxUnpacked)
	}
	return inner, nil
}

// mended makes a register keep what the rest of the package counts on.
func mended(r Register) Register {
	taken := map[string]bool{}
	out := make([]Requirement, 0, len(r.Requirements))
	for _, one := range r.Requirements {
		one.ID = strings.ToLower(strings.TrimSpace(one.ID))
		if !ValidID(one.ID) || taken[one.ID] {
			continue
		}
		taken[one.ID] = true
		if one.State != Removed {
			one.State = Current
		}
		slices.Sort(one.Sketch)
		one.Sketch = slices.Compact(one.Sketch)
		one.Sketch = one.Sketch[:min(len(one.Sketch), maxSketch)]
		one.Criteria, one.Made = mendedCriteria(one.Criteria, one.Made)
		one.Issues = mendedIssues(one.Issues)
		out = append(out, one)
	}
	r.Requirements, r.Issues, r.Plan = out, mendedIssues(r.Issues), mendedPlan(r.Plan)
	return r
}

// maxCase bounds the numbers of test cases, far above all that pages hold.
const maxCase = 1 << 30

// pageID is what the id of a page looks like.
var pageID = regexp.MustCompile(`^[0-9]{1,19}$`)

func mendedPlan(p *PlanPage) *PlanPage {
	if p == nil {
		return nil
	}
	out := *p
	if !pageID.MatchString(out.Page) {
		out.Page = ""
	}
	if out.Last < 0 || out.Last > maxCase || out.First < 0 || out.First > out.Last {
		out.Last, out.Call, out.First = 0, "", 0 // the plan itself tells which numbers it has
	}
	return &out
}

func mendedCriteria(list []Criterion, made int) ([]Criterion, int) {
	taken := map[string]bool{}
	var out []Criterion
	for _, c := range list {
		c.ID = strings.ToLower(strings.TrimSpace(c.ID))
		if !ValidID(c.ID) || taken[c.ID] || strings.TrimSpace(c.Text) == "" {
			continue
		}
		taken[c.ID] = true
		out = append(out, c)
		if n := numberOf(c.ID); n < maxMade {
			made = max(made, n)
		}
	}
	return out, min(max(made, 0), maxMade)
}

// issueKey is what a key may look like, with the underscores that administrators of a
// Jira may allow.
var issueKey = regexp.MustCompile(`^[A-Z][A-Z0-9_]{0,254}-[1-9][0-9]{0,17}$`)

func mendedIssues(list []Issue) []Issue {
	var out []Issue
	for _, i := range list {
		i.Key = strings.ToUpper(strings.TrimSpace(i.Key))
		if issueKey.MatchString(i.Key) && !slices.Contains(keys(out), i.Key) {
			out = append(out, i)
		}
	}
	return out
}
