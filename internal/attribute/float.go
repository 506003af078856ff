package attribute

import (
	"encoding"
	"encoding/json"
	"reflect"
	"strings"
)

var (
	jsonMarshaler = reflect.TypeFor[json.Marshaler]()
	textMarshaler = reflect.TypeFor[encoding.TextMarshaler]()
)

// maxDepth is how deep floats are looked for. Deeper is a list that contains itself, which encoding/json
// refuses.
const maxDepth = 100

// withFloats replaces the floats in lists and maps by their text. Structs and what writes its own JSON stay.
func withFloats(v reflect.Value, depth int) any {
	switch {
	case !v.IsValid():
		return nil
	case depth > maxDepth || writesItself(v):
		return asItIs(v)
	case v.CanFloat():
		if text, err := floatText(v.Float(), v.Type().Bits()); err == nil {
			return json.RawMessage(strings.Replace(text, "e-0", "e-", 1))
		}
		return asItIs(v)
	}
	switch v.Kind() {
	case reflect.Interface, reflect.Pointer:
		return withFloats(v.Elem(), depth+1)
	case reflect.Map:
		return mapWithFloats(v, depth)
	case reflect.Slice, reflect.Array:
		if v.Kind() == reflect.Slice && (v.IsNil() || v.Type().Elem().Kind() == reflect.Uint8) {
			return asItIs(v)
		}
		list := make([]any, v.Len())
		for i := range list {
			list[i] = withFloats(v.Index(i), depth+1)
		}
		return list
	}
	return asItIs(v)
}

func mapWithFloats(v reflect.Value, depth int) any {
	if v.IsNil() || v.Type().Key().Kind() != reflect.String || v.Type().Key().Implements(textMarshaler) {
		return asItIs(v)
	}
	entries := make(map[string]any, v.Len())
	for key, value := range v.Seq2() {
		entries[key.String()] = withFloats(value, depth+1)
	}
	return entries
}

// writesItself reports whether encoding/json leaves a value's JSON to its type.
func writesItself(v reflect.Value) bool {
	t := v.Type()
	if v.CanAddr() {
		t = reflect.PointerTo(t)
	}
	return t.Implements(jsonMarshaler) || t.Implements(textMarshaler)
}

// asItIs keeps a value where it is, so that the methods of its pointer are found.
func asItIs(v reflect.Value) any {
	if v.CanAddr() {
		return v.Addr().Interface()
	}
	return v.Interface()
}
