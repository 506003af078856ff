package sqs

import (
	"errors"
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"
)

// acceptedMaps ends the refusals of a Handlers method.
const acceptedMaps = "Handlers has no parameters and returns map[string]any (event -> method value or name), " +
	"map[string]string (event -> name) or map[string][]string (name -> events)"

// RegisterMethods binds the methods of obj that obj.Handlers names in r. See the package's
// RegisterMethods.
func (r *Registry) RegisterMethods(obj any) error {
	at := callerLocation()
	tags, err := tagsOf(obj)
	if err != nil {
		return r.failed(fmt.Errorf("sqs: registering methods at %s: %w", at, err))
	}
	var bindings []*binding
	var problems []error
	for _, tag := range tags {
		h, err := tag.resolve(reflect.ValueOf(obj))
		if err != nil {
			problems = append(problems, fmt.Errorf("%s: %w", quoted([]string{tag.event}), err))
			continue
		}
		bindings = append(bindings, h.to(tag.event, at))
	}
	problems = r.add(bindings, problems...)
	if len(problems) > 0 {
		return r.failed(fmt.Errorf("sqs: registering methods of %T at %s: %w", obj, at, errors.Join(problems...)))
	}
	return nil
}

// tag is one event of a Handlers map with what it names.
type tag struct {
	event  string
	method any // a name or a method value
}

// tagsOf calls obj.Handlers and lists what it returns, sorted by event.
func tagsOf(obj any) ([]tag, error) {
	value := reflect.ValueOf(obj)
	if !value.IsValid() {
		return nil, fmt.Errorf("%w: the object is nil", ErrInvalidHandler)
	}
	if value.Kind() == reflect.Pointer && value.IsNil() {
		return nil, fmt.Errorf("%w: the object is a nil %s", ErrInvalidHandler, value.Type())
	}
	var tags []tag
	switch o := obj.(type) {
	case interface{ Handlers() map[string]any }:
		for event, method := range o.Handlers() {
			tags = append(tags, tag{event, method})
		}
	case interface{ Handlers() map[string]string }:
		for event, method := range o.Handlers() {
			tags = append(tags, tag{event, method})
		}
	case interface{ Handlers() map[string][]string }:
		byName := o.Handlers()
		for _, name := range slices.Sorted(maps.Keys(byName)) {
			if len(byName[name]) == 0 {
				return nil, fmt.Errorf("%w: Handlers of %s names no event for %q", ErrInvalidHandler, value.Type(), name)
			}
			for _, event := range byName[name] {
				tags = append(tags, tag{event, name})
			}
		}
	default:
		return nil, missingHandlers(value.Type())
	}
	if len(tags) == 0 {
		return nil, fmt.Errorf("%w: Handlers of %s names no method", ErrInvalidHandler, value.Type())
	}
	slices.SortStableFunc(tags, func(a, b tag) int { return strings.Compare(a.event, b.event) })
	return tags, nil
}

// missingHandlers says why Handlers cannot be called on a value of type t.
func missingHandlers(t reflect.Type) error {
	if method, ok := t.MethodByName("Handlers"); ok {
		return fmt.Errorf("%w: Handlers of %s is %s; %s", ErrInvalidHandler, t, withoutReceiver(method.Type), acceptedMaps)
	}
	if t.Kind() != reflect.Pointer {
		if _, ok := reflect.PointerTo(t).MethodByName("Handlers"); ok {
			return fmt.Errorf("%w: Handlers has a pointer receiver: pass a pointer to the %s", ErrInvalidHandler, t)
		}
	}
	if t.Kind() == reflect.Pointer && t.Elem().Kind() == reflect.Pointer {
		return fmt.Errorf("%w: %s is a pointer to a pointer: pass the %s", ErrInvalidHandler, t, t.Elem())
	}
	return fmt.Errorf("%w: %s has no method Handlers; %s", ErrInvalidHandler, t, acceptedMaps)
}

func withoutReceiver(method reflect.Type) string {
	in := make([]reflect.Type, 0, method.NumIn())
	for i := 1; i < method.NumIn(); i++ {
		in = append(in, method.In(i))
	}
	out := make([]reflect.Type, method.NumOut())
	for i := range out {
		out[i] = method.Out(i)
	}
	return reflect.FuncOf(in, out, method.IsVariadic()).String()
}

// resolve finds and binds what the tag names.
func (t tag) resolve(object reflect.Value) (*boundHandler, error) {
	name, ok := t.method.(string)
	if !ok {
		return bind(t.method)
	}
	method := object.MethodByName(name)
	if !method.IsValid() {
		return nil, fmt.Errorf("%w: %s", ErrInvalidHandler, t.missing(object.Type(), name))
	}
	return bindFunction(method, methodName(object.Type(), name))
}

// missing says why a name is not that of a method of the object's type.
func (t tag) missing(object reflect.Type, name string) string {
	if _, ok := object.MethodByName(t.event); ok {
		return fmt.Sprintf("the map is written the other way round: %q is a method of %s, so write event -> method", t.event, object)
	}
	if name == "" {
		return "the method's name is empty"
	}
	if object.Kind() != reflect.Pointer {
		if _, ok := reflect.PointerTo(object).MethodByName(name); ok {
			return fmt.Sprintf("method %s has a pointer receiver: pass a pointer to the %s", name, object)
		}
	}
	if first, _ := utf8.DecodeRuneInString(name); !unicode.IsUpper(first) {
		return fmt.Sprintf("method %s is not exported: only exported methods can be found by name, pass it as a method value or export it", name)
	}
	if nearest := nearestMethod(object, name); nearest != "" {
		return fmt.Sprintf("%s has no method %s: did you mean %s?", object, name, nearest)
	}
	return fmt.Sprintf("%s has no method %s", object, name)
}

// methodName names a method as functionName does: shop.(*Orders).Placed.
func methodName(object reflect.Type, method string) string {
	text := object.String()
	pkg, local, ok := strings.Cut(strings.TrimPrefix(text, "*"), ".")
	if !ok {
		return text + "." + method
	}
	if object.Kind() == reflect.Pointer {
		return fmt.Sprintf("%s.(*%s).%s", pkg, local, method)
	}
	return fmt.Sprintf("%s.%s.%s", pkg, local, method)
}

// nearestMethod is the exported method whose name is at most a third of its letters away from name.
func nearestMethod(object reflect.Type, name string) string {
	best, bestDistance := "", max(len(name)/3, 1)+1
	for i := range object.NumMethod() {
		candidate := object.Method(i).Name
		if d := distance(strings.ToLower(candidate), strings.ToLower(name)); d < bestDistance && candidate != "Handlers" {
			best, bestDistance = candidate, d
		}
	}
	return best
}

// distance counts the letters to insert, drop or change between two names (Levenshtein).
func distance(a, b string) int {
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		diagonal := row[0]
		row[0] = i + 1
		for j := range len(b) {
			change := diagonal
			if a[i] != b[j] {
				change++
			}
			diagonal = row[j+1]
			row[j+1] = min(change, row[j]+1, row[j+1]+1)
		}
	}
	return row[len(b)]
}
