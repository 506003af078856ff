package sqs

import "context"

// HandlerFunc is the one form that every bound handler is turned into, and what a [Middleware] wraps.
// The first result is what [Client.HandleMessage] returns.
type HandlerFunc func(ctx context.Context, m *Message) (any, error)

// Default is the event under which the default handler stands in Handlers maps and in listings. The
// default handler gets every message whose event has no other handler, and those without an event.
const Default = "*"

// HandlerInfo describes one bound event.
type HandlerInfo struct {
	Event     string // the event, a prefix such as "UserUpdated.*", or Default
	Name      string // pkg.Func or pkg.(*T).Method
	Signature string // as Go writes it: func(context.Context, *sqs.Message) error
	Location  string // file:line of the registration
}

// DefaultRegistry holds the handlers of the package-level functions and of every client that was not
// given a registry of its own.
var DefaultRegistry = NewRegistry()

// AddHandler binds fn to events, or as the default handler where no events are given. It mirrors
// Python's SQSClient.add_handler.
//
// A handler takes a message, a payload or both, after a context where it wants one, and returns
// nothing, an error, or a result and an error:
//
//	func(*sqs.Message)
//	func(context.Context, *sqs.Message) error
//	func(context.Context, T) error
//	func(context.Context, *sqs.Message, T) (R, error)
//
// T is decoded from the JSON body, and a body that is not valid JSON is a failure, also for a
// json.RawMessage; string and []byte get the body as it is, and any gets what [Message.Body] returns.
// R is what [Client.HandleMessage] returns. A method value is a handler like any function; that of a
// nil pointer is called with the nil, as Go does. The forms without T are called without reflection
// and without an allocation, where R is any or missing.
//
// An event "UserUpdated.*" binds every event that begins with "UserUpdated.": UserUpdated.user as
// well as UserUpdated.user.v2, as the filter of an SNS subscription does. A message goes to the
// handler of exactly its event, else to that of the longest prefix, else to the default handler.
//
// Nothing is bound when AddHandler returns an error: one matching ErrInvalidHandler says what is
// wrong with fn, ErrInvalidEvent with an event, and ErrDuplicateEvent where the event was bound. A
// client refuses to receive after a failed registration, so that an ignored error loses no messages.
func AddHandler(fn any, events ...string) error {
	return DefaultRegistry.AddHandler(fn, events...)
}

// RegisterMethods binds the methods of obj that its Handlers method names. It mirrors the decorated
// methods of a Python class.
//
// Handlers returns the method of each event as a method value or by name, or the events of each
// method:
//
//	func (o *Orders) Handlers() map[string]any      { return map[string]any{"OrderPlaced.shop": o.Placed} }
//	func (o *Orders) Handlers() map[string]string   { return map[string]string{"OrderPlaced.shop": "Placed"} }
//	func (o *Orders) Handlers() map[string][]string { return map[string][]string{"Placed": {"OrderPlaced.shop"}} }
//
// Method values are checked by the compiler and called without reflection; prefer them. Names are
// called through reflection. The event [Default] binds the default handler. Registration is all or nothing: the error lists every entry
// that cannot be bound, and nothing was.
func RegisterMethods(obj any) error {
	return DefaultRegistry.RegisterMethods(obj)
}

// Handler is the decorator: it binds fn to events as AddHandler does, returns fn unchanged, and
// panics where AddHandler would return an error. It mirrors Python's @SQSClient.handler.
//
//	var userUpdated = sqs.Handler(func(ctx context.Context, m *sqs.Message) error { ... }, "UserUpdated.user")
func Handler[F any](fn F, events ...string) F {
	if err := DefaultRegistry.AddHandler(fn, events...); err != nil {
		panic(err)
	}
	return fn
}
