package tool

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/santhosh-tekuri/jsonschema/v6"
	"golang.org/x/text/language"
	"golang.org/x/text/message"
)

// ArgumentError lists everything that is wrong with the arguments of a call. Its
// text is made for the model that sent them.
type ArgumentError struct {
	// Tool is the name of the tool that was called.
	Tool string
	// Faults are whole phrases, such as "issue_key: got number, want string".
	Faults []string
}

// Error returns all faults in one line.
func (e *ArgumentError) Error() string {
	return fmt.Sprintf("the arguments of %s are not valid: %s", e.Tool, strings.Join(e.Faults, "; "))
}

// Schema is a compiled JSON Schema.
type Schema struct{ compiled *checker }

// CompileSchema compiles a JSON Schema.
func CompileSchema(raw json.RawMessage) (*Schema, error) {
	compiled, err := newChecker(raw)
	if err != nil {
		return nil, err
	}
	return &Schema{compiled}, nil
}

// Faults lists, as whole phrases, everything in which a JSON text does not fit
// the schema; none if it fits.
func (s *Schema) Faults(text []byte) []string {
	doc, err := jsonschema.UnmarshalJSON(bytes.NewReader(text))
	if err != nil {
		return []string{"it is not one JSON value: " + err.Error()}
	}
	return describe(s.compiled.schema.Validate(doc))
}

// checker checks arguments against one compiled schema.
type checker struct {
	schema     *jsonschema.Schema
	properties []string
}

func newChecker(raw json.RawMessage) (*checker, error) {
	doc, err := jsonschema.UnmarshalJSON(bytes.NewReader(raw))
	if err != nil {
		return nil, fmt.Errorf("parse schema: %w", err)
	}
	compiler := jsonschema.NewCompiler()
	if err := compiler.AddResource("schema.json", doc); err != nil {
		return nil, fmt.Errorf("load schema: %w", err)
	}
	schema, err := compiler.Compile("schema.json")
	var invalid *jsonschema.SchemaValidationError
	if errors.As(err, &invalid) {
		return nil, fmt.Errorf("compile schema: %s", strings.Join(describe(invalid.Err), "; "))
	}
	if err != nil {
		return nil, fmt.Errorf("compile schema: %w", err)
	}
	return &checker{schema: schema, properties: slices.Sorted(maps.Keys(schema.Properties))}, nil
}

// check reports all faults at once, so that a model can cure them in one go. What
// is optional may be null, which many models send for "not given".
func (c *checker) check(name string, args json.RawMessage) error {
	doc, err := jsonschema.UnmarshalJSON(bytes.NewReader(args))
	if err != nil {
		return &ArgumentError{Tool: name, Faults: []string{"they are not one JSON object: " + err.Error()}}
	}
	object, ok := doc.(map[string]any)
	if !ok {
		return &ArgumentError{Tool: name, Faults: []string{"they are not a JSON object"}}
	}
	faults := c.strange(object)
	dropNulls(object)
	faults = append(faults, describe(c.schema.Validate(object))...)
	if len(faults) == 0 {
		return nil
	}
	return &ArgumentError{Tool: name, Faults: faults}
}

// dropNulls takes out what is null, in objects inside, too. What is required is
// missing then.
func dropNulls(object map[string]any) {
	for key, value := range object {
		switch v := value.(type) {
		case nil:
			delete(object, key)
		case map[string]any:
			dropNulls(v)
		}
	}
}

// strange names the arguments that the tool does not have. A schema without
// properties, as some foreign tools have, takes any.
func (c *checker) strange(object map[string]any) []string {
	if len(c.properties) == 0 {
		return nil
	}
	var faults []string
	for _, key := range slices.Sorted(maps.Keys(object)) {
		if !slices.Contains(c.properties, key) {
			faults = append(faults, fmt.Sprintf("there is no argument %q, only %s", key, strings.Join(c.properties, ", ")))
		}
	}
	return faults
}

func describe(err error) []string {
	if err == nil {
		return nil
	}
	var invalid *jsonschema.ValidationError
	if !errors.As(err, &invalid) {
		return []string{err.Error()}
	}
	faults := leaves(invalid, message.NewPrinter(language.English))
	slices.Sort(faults)
	return slices.Compact(faults)
}

// leaves returns the innermost causes: the ones around them only say that
// something inside is wrong.
func leaves(e *jsonschema.ValidationError, p *message.Printer) []string {
	if len(e.Causes) == 0 {
		text := e.ErrorKind.LocalizedString(p)
		if len(e.InstanceLocation) == 0 {
			return []string{text}
		}
		return []string{strings.Join(e.InstanceLocation, ".") + ": " + text}
	}
	var faults []string
	for _, cause := range e.Causes {
		faults = append(faults, leaves(cause, p)...)
	}
	return faults
}
