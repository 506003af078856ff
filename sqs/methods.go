package sqs

import (
	"errors"
	"fmt"
	"go/token"
	"maps"
	"reflect"
	"runtime"
	"slices"
	"strings"

	"github.com/seed08532102/iniesta/internal/guard"
)

// acceptedMaps ends the refusals of a Handlers method.
const acceptedMaps = "Handlers has no parameters and returns map[string]any (event -> method value or name), " +
	"map[string]string (event -> name) or map[string][]string (name -> events)"

// RegisterMethods binds the methods of obj that obj.Handlers names in r. See the package's
// RegisterMethods.
func (r *Registry) RegisterMethods(obj any) error {
	at := callerLocation()
	var tags []tag
	var problems []error
	err := guard.Run("Handlers", func() (err error) { // a method of the user's, perhaps of an embedded nil
		tags, problems, err = tagsOf(obj)
		return err
	})
	if _, ok := errors.AsType[*guard.Error](err); ok {
		err = fmt.Errorf("%w: Handlers of %T cannot be called: %w", ErrInvalidHandler, obj, err)
	}
	if err != nil {
		return r.failed(fmt.Errorf("sqs: registering methods at %s: %w", at, err))
	}
	var bindings []*binding
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
	event    string
	method   any  // a name or a method value
	byMethod bool // the map's keys are methods
}

// tagsOf calls obj.Handlers and lists what it returns, sorted by event, and what is wrong with single
// entries.
func tagsOf(obj any) (tags []tag, problems []error, err error) {
	value := reflect.ValueOf(obj)
	if !value.IsValid() {
		return nil, nil, fmt.Errorf("%w: the object is nil", ErrInvalidHandler)
	}
	if value.Kind() == reflect.Pointer && value.IsNil() {
		return nil, nil, fmt.Errorf("%w: the object is a nil %s", ErrInvalidHandler, value.Type())
	}
	switch o := obj.(type) {
	case interface{ Handlers() map[string]any }:
		for event, method := range o.Handlers() {
			tags = append(tags, tag{event: event, method: method})
		}
	case interface{ Handlers() map[string]string }:
		for event, method := range o.Handlers() {
			tags = append(tags, tag{event: event, method: method})
		}
	case interface{ Handlers() map[string][]string }:
		tags, problems = tagsByMethod(o.Handlers())
	default:
		return nil, nil, missingHandlers(value.Type())
	}
	if len(tags)+len(problems) == 0 {
		return nil, nil, fmt.Errorf("%w: Handlers of %s names no method", ErrInvalidHandler, value.Type())
	}
	slices.SortStableFunc(tags, func(a, b tag) int { return strings.Compare(a.event, b.event) })
	return tags, problems, nil
}

// tagsByMethod reads a map of the events of each method.
func tagsByMethod(events map[string][]string) (tags []tag, problems []error) {
	for _, name := range slices.Sorted(maps.Keys(events)) {
		if len(events[name]) == 0 {
			problems = append(problems, fmt.Errorf("%w: Handlers names no event for %q", ErrInvalidHandler, name))
		}
		for _, event := range events[name] {
			tags = append(tags, tag{event: event, method: name, byMethod: true})
		}
	}
	return tags, problems
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
	if both := embeddedHandlers(t); len(both) > 1 {
		return fmt.Errorf("%w: Handlers of %s is ambiguous, since %s are embedded and each has one: give %s a Handlers of its own",
			ErrInvalidHandler, t, strings.Join(both, " and "), t)
	}
	return fmt.Errorf("%w: %s has no method Handlers; %s", ErrInvalidHandler, t, acceptedMaps)
}

// embeddedHandlers lists the embedded types that have a Handlers. Go promotes none of several.
func embeddedHandlers(t reflect.Type) (embedded []string) {
	if t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	if t.Kind() != reflect.Struct {
		return nil
	}
	for i := range t.NumField() {
		field := t.Field(i)
		_, byValue := field.Type.MethodByName("Handlers")
		_, byPointer := reflect.PointerTo(field.Type).MethodByName("Handlers")
		if field.Anonymous && (byValue || byPointer) {
			embedded = append(embedded, field.Type.String())
		}
	}
	return embedded
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
	if embedded := nilEmbedded(object, name); embedded != "" {
		return nil, fmt.Errorf("%w: method %s comes from the embedded %s, which is nil: set it before", ErrInvalidHandler, name, embedded)
	}
	return bindFunction(method, methodName(object.Type(), name))
}

// nilEmbedded names the embedded pointer or interface that has the method and is nil: calling it would panic
// for each message.
func nilEmbedded(object reflect.Value, method string) string {
	for object.Kind() == reflect.Pointer || object.Kind() == reflect.Interface {
		if object.IsNil() {
			return object.Type().String()
		}
		object = object.Elem()
	}
	if object.Kind() != reflect.Struct {
		return ""
	}
	for i := range object.NumField() {
		field := object.Type().Field(i)
		if _, ok := field.Type.MethodByName(method); ok && field.Anonymous && promoted(object.Type(), method) {
			return nilEmbedded(object.Field(i), method)
		}
	}
	return ""
}

// promoted reports whether a struct type has a method from an embedded field only: of its own it would have
// it without the field as well.
func promoted(t reflect.Type, method string) bool {
	m, ok := t.MethodByName(method)
	if !ok {
		m, ok = reflect.PointerTo(t).MethodByName(method) // one of a pointer receiver
	}
	if !ok {
		return false
	}
	file, _ := runtime.FuncForPC(m.Func.Pointer()).FileLine(m.Func.Pointer())
	return file == "<autogenerated>"
}

// missing says why a name is not that of a method of the object's type.
func (t tag) missing(object reflect.Type, name string) string {
	if name == "" {
		return "the method's name is empty"
	}
	if object.Kind() != reflect.Pointer {
		if _, ok := reflect.PointerTo(object).MethodByName(name); ok {
			return fmt.Sprintf("method %s has a pointer receiver: pass a pointer to the %s", name, object)
		}
	}
	nearest := nearestMethod(object, name)
	if _, ok := object.MethodByName(t.event); ok && (nearest == "" || !token.IsIdentifier(name)) {
		return t.reversed(object)
	}
	problem := fmt.Sprintf("%s has no method %s", object, name)
	if token.IsIdentifier(name) && !token.IsExported(name) && !strings.EqualFold(name, nearest) {
		problem = fmt.Sprintf("method %s is not exported: only exported methods can be found by name, pass it as a method value or export it", name)
	}
	if nearest != "" {
		problem += fmt.Sprintf("; did you mean %s?", nearest)
	}
	return problem
}

// reversed says which way round the map has to be.
func (t tag) reversed(object reflect.Type) string {
	right := "event -> method"
	if t.byMethod {
		right = "method -> events"
	}
	return fmt.Sprintf("the map is written the other way round: %q is a method of %s, so write %s", t.event, object, right)
}

// methodName names a method as functionName does: shop.(*Orders).Placed.
func methodName(object reflect.Type, method string) string {
	local, pointed := object, object.Kind() == reflect.Pointer
	if pointed {
		local = object.Elem()
	}
	if local.Name() == "" {
		return object.String() + "." + method
	}
	// By its path and not as reflect prints it, which calls a program's package main in its tests too.
	name := local.PkgPath()[strings.LastIndexByte(local.PkgPath(), '/')+1:] + "."
	if pointed {
		return name + "(*" + local.Name() + ")." + method
	}
	return name + local.Name() + "." + method
}
