package manifest

import (
	"reflect"
	"strings"
	"sync"
)

// Struct tags of the structs that are decoded:
//
//	yaml:"name"       the field's name
//	alias:"a,b"       other spellings of it
//	refuse:"reason"   using it is an error: it is not offered
//	ignore:"reason"   using it is a warning: it has no effect
//
// A reason may be empty. A field that is switched off (null, false, empty, or a
// mapping with enabled: false) is not used.

// field is one field of a struct that is decoded.
type field struct {
	name    string
	aliases []string
	index   []int
	refuse  *string
	ignore  *string
}

// shape is what a struct accepts.
type shape struct {
	fields []field
	byName map[string]*field
	names  []string
}

// shapes remembers the shapes of types, since finding them out takes longer
// than decoding. The zero value is ready for use.
type shapes struct{ known sync.Map }

func (s *shapes) of(t reflect.Type) *shape {
	if found, ok := s.known.Load(t); ok {
		if known, ok := found.(*shape); ok {
			return known
		}
	}
	sh := &shape{fields: fieldsOf(t, nil), byName: map[string]*field{}}
	for i := range sh.fields {
		f := &sh.fields[i]
		sh.byName[f.name] = f
		for _, a := range f.aliases {
			sh.byName[a] = f
		}
		if f.refuse == nil && f.ignore == nil {
			sh.names = append(sh.names, f.name)
		}
	}
	s.known.Store(t, sh)
	return sh
}

func fieldsOf(t reflect.Type, parent []int) []field {
	var out []field
	for i := range t.NumField() {
		f := t.Field(i)
		index := append(append([]int{}, parent...), i)
		name, _, _ := strings.Cut(f.Tag.Get("yaml"), ",")
		switch {
		case f.Anonymous && name == "" && f.Type.Kind() == reflect.Struct:
			out = append(out, fieldsOf(f.Type, index)...)
		case name != "" && name != "-":
			out = append(out, newField(f, name, index))
		}
	}
	return out
}

func newField(f reflect.StructField, name string, index []int) field {
	out := field{name: name, index: index}
	if alias := f.Tag.Get("alias"); alias != "" {
		out.aliases = strings.Split(alias, ",")
	}
	if reason, ok := f.Tag.Lookup("refuse"); ok {
		out.refuse = &reason
	}
	if reason, ok := f.Tag.Lookup("ignore"); ok {
		out.ignore = &reason
	}
	return out
}
