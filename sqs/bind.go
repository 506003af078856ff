package sqs

import (
	"context"
	"fmt"
	"reflect"
)

// acceptedForms ends every refusal of a function.
const acceptedForms = "a handler is func([context.Context,] *sqs.Message [, T]) or func([context.Context,] T), " +
	"where T is the payload, and returns nothing, error or (R, error)"

// boundHandler is a function that was accepted.
type boundHandler struct {
	name, signature string
	call            HandlerFunc
}

func (h *boundHandler) to(event, location string) *binding {
	return &binding{event: event, name: h.name, signature: h.signature, location: location, call: h.call}
}

// bind turns fn into a HandlerFunc, once and for all: what is called for a message decides nothing
// any more.
func bind(fn any) (*boundHandler, error) {
	if fn == nil {
		return nil, fmt.Errorf("%w: it is nil; %s", ErrInvalidHandler, acceptedForms)
	}
	value := reflect.ValueOf(fn)
	if value.Kind() != reflect.Func {
		return nil, fmt.Errorf("%w: %s is not a function; %s", ErrInvalidHandler, value.Type(), acceptedForms)
	}
	if value.IsNil() {
		return nil, fmt.Errorf("%w: it is a nil %s; %s", ErrInvalidHandler, value.Type(), acceptedForms)
	}
	return bindFunction(value, functionName(value))
}

func bindFunction(value reflect.Value, name string) (*boundHandler, error) {
	h := &boundHandler{name: name, signature: value.Type().String()}
	form, problem := formOf(value.Type())
	if problem != "" {
		return nil, fmt.Errorf("%w %s, %s: %s; %s", ErrInvalidHandler, name, h.signature, problem, acceptedForms)
	}
	if h.call = direct(value); h.call == nil {
		h.call = form.caller(value)
	}
	return h, nil
}

// directTypes are the forms that are called without reflection.
var directTypes = []reflect.Type{
	reflect.TypeFor[func(*Message)](),
	reflect.TypeFor[func(*Message) error](),
	reflect.TypeFor[func(*Message) (any, error)](),
	reflect.TypeFor[func(context.Context, *Message)](),
	reflect.TypeFor[func(context.Context, *Message) error](),
	reflect.TypeFor[func(context.Context, *Message) (any, error)](),
}

// direct binds a function of one of the direct forms, also where its type has a name of its own, and
// returns nil for any other.
func direct(value reflect.Value) HandlerFunc {
	for _, plain := range directTypes {
		if value.Type().ConvertibleTo(plain) {
			value = value.Convert(plain)
			break
		}
	}
	switch fn := value.Interface().(type) {
	case func(*Message):
		return func(_ context.Context, m *Message) (any, error) { fn(m); return nil, nil }
	case func(*Message) error:
		return func(_ context.Context, m *Message) (any, error) { return nil, fn(m) }
	case func(*Message) (any, error):
		return func(_ context.Context, m *Message) (any, error) { return fn(m) }
	case func(context.Context, *Message):
		return func(ctx context.Context, m *Message) (any, error) { fn(ctx, m); return nil, nil }
	case func(context.Context, *Message) error:
		return func(ctx context.Context, m *Message) (any, error) { return nil, fn(ctx, m) }
	case func(context.Context, *Message) (any, error):
		return fn
	}
	return nil
}

// form is how a function wants to be called.
type form struct {
	context, message bool
	payload          reflect.Type // nil for none
	result, err      bool
}

var (
	contextType = reflect.TypeFor[context.Context]()
	messageType = reflect.TypeFor[*Message]()
	errorType   = reflect.TypeFor[error]()
	anyType     = reflect.TypeFor[any]()
)

// formOf reads a function's type. Types are compared exactly and not by what they implement, so that
// a nil *MyError is no failure and a context of one's own is not filled with another.
func formOf(t reflect.Type) (f form, problem string) {
	if t.IsVariadic() {
		return f, variadicProblem(t.In(t.NumIn() - 1))
	}
	if problem := f.readParameters(t); problem != "" {
		return f, problem
	}
	return f, f.readResults(t)
}

func (f *form) readParameters(t reflect.Type) (problem string) {
	for i := range t.NumIn() {
		in := t.In(i)
		switch {
		case in == contextType && i == 0:
			f.context = true
		case in == contextType:
			return fmt.Sprintf("parameter %d is context.Context: it comes first and once", i+1)
		case in == messageType && f.message:
			return fmt.Sprintf("parameter %d is a second *sqs.Message", i+1)
		case in == messageType && f.payload != nil:
			return fmt.Sprintf("parameter %d is *sqs.Message: it comes before the payload", i+1)
		case in == messageType:
			f.message = true
		case f.payload != nil:
			return fmt.Sprintf("parameters %d and %d are two payloads, %s and %s: make them one struct", i, i+1, f.payload, in)
		default:
			if problem := payloadProblem(in); problem != "" {
				return fmt.Sprintf("parameter %d %s", i+1, problem)
			}
			f.payload = in
		}
	}
	if !f.message && f.payload == nil {
		return "it takes no message: the parameter *sqs.Message or a payload is missing"
	}
	return ""
}

func (f *form) readResults(t reflect.Type) (problem string) {
	switch t.NumOut() {
	case 0:
		return ""
	case 1:
		f.err = true
		if t.Out(0) != errorType {
			return fmt.Sprintf("its only result is %s and not error", t.Out(0))
		}
		return ""
	case 2:
		f.result, f.err = true, true
		if t.Out(1) != errorType {
			return fmt.Sprintf("its second result is %s and not error", t.Out(1))
		}
		if t.Out(0) == errorType {
			return "both its results are errors"
		}
		return ""
	}
	return fmt.Sprintf("it has %d results", t.NumOut())
}

func variadicProblem(last reflect.Type) string {
	if holdsMessages(last) {
		return "it is variadic: a handler gets one message at a time, take *sqs.Message"
	}
	return fmt.Sprintf("it is variadic: take %s without the dots", last)
}

// payloadProblem says why nothing can be decoded into a parameter. What a struct, list or map holds
// is left to the decoding.
func payloadProblem(t reflect.Type) string {
	switch {
	case t == messageType.Elem():
		return "is sqs.Message: take a pointer, *sqs.Message"
	case holdsMessages(t):
		return fmt.Sprintf("is %s: a handler gets one message at a time, take *sqs.Message", t)
	case t.Implements(contextType):
		return fmt.Sprintf("is %s, a context of its own: take context.Context", t)
	}
	target := t
	for target.Kind() == reflect.Pointer {
		target = target.Elem()
	}
	switch target.Kind() {
	case reflect.Chan, reflect.Func, reflect.UnsafePointer, reflect.Complex64, reflect.Complex128:
		return fmt.Sprintf("is %s, which JSON cannot be decoded into", t)
	case reflect.Interface:
		if target.NumMethod() > 0 {
			return fmt.Sprintf("is the interface %s, which JSON cannot be decoded into: take a struct, or any", t)
		}
	}
	return ""
}

// holdsMessages recognises a batch of messages, or a pointer too many. JSON would be decoded into it
// without complaint.
func holdsMessages(t reflect.Type) bool {
	for t.Kind() == reflect.Pointer || t.Kind() == reflect.Slice || t.Kind() == reflect.Array {
		t = t.Elem()
	}
	return t == messageType.Elem()
}

// caller prepares the call of a function that is not of a direct form.
func (f form) caller(fn reflect.Value) HandlerFunc {
	payload := decoderOf(f.payload)
	return func(ctx context.Context, m *Message) (any, error) {
		arguments := make([]reflect.Value, 0, 3)
		if f.context {
			arguments = append(arguments, reflect.ValueOf(&ctx).Elem()) // keeps the interface type, also for a nil context
		}
		if f.message {
			arguments = append(arguments, reflect.ValueOf(m))
		}
		if f.payload != nil {
			decoded, err := payload(m)
			if err != nil {
				return nil, err
			}
			arguments = append(arguments, decoded)
		}
		return f.results(fn.Call(arguments))
	}
}

func (f form) results(out []reflect.Value) (value any, err error) {
	if f.result {
		value = out[0].Interface()
	}
	if f.err {
		err, _ = out[len(out)-1].Interface().(error)
	}
	return value, err
}

// decoderOf returns what makes a payload of a message's body.
func decoderOf(t reflect.Type) func(*Message) (reflect.Value, error) {
	switch t {
	case nil:
		return nil
	case reflect.TypeFor[string]():
		return func(m *Message) (reflect.Value, error) { return reflect.ValueOf(m.RawBody), nil }
	case reflect.TypeFor[[]byte]():
		return func(m *Message) (reflect.Value, error) { return reflect.ValueOf([]byte(m.RawBody)), nil }
	case anyType:
		return func(m *Message) (reflect.Value, error) {
			body := m.Body()
			return reflect.ValueOf(&body).Elem(), nil
		}
	}
	return func(m *Message) (reflect.Value, error) {
		payload := reflect.New(t)
		if err := m.Decode(payload.Interface()); err != nil {
			return reflect.Value{}, err
		}
		return payload.Elem(), nil
	}
}
