package sqs_test

import (
	"context"
	"encoding/json"
	"errors"
	"regexp"
	"strings"
	"testing"
	"unsafe"

	"github.com/aws/aws-sdk-go-v2/service/sqs/types"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/seed08532102/iniesta/sqs"
)

var place = regexp.MustCompile(`/\S+\.go:\d+`)

// closure is the name of a function within one of these tests.
var closure = regexp.MustCompile(`sqs_test\.Test\w+\.func\d+`)

// text is an error with every place in the source as PLACE.
func text(err error) string {
	if err == nil {
		return ""
	}
	return place.ReplaceAllString(err.Error(), "PLACE")
}

// message makes a message of an event.
func message(event, body string) *sqs.Message {
	m := &sqs.Message{MessageID: "m-1", RawBody: body}
	if event != "" {
		kind := "String"
		m.MessageAttributes = map[string]types.MessageAttributeValue{"iniesta_pass": {DataType: &kind, StringValue: &event}}
	}
	return m
}

// handle runs a registry's handler for a message, without queue or locks.
func handle(t *testing.T, r *sqs.Registry, m *sqs.Message) (any, error) {
	t.Helper()
	client := sqs.New(sqs.WithRegistry(r), sqs.WithAPI(stubAPI{}), sqs.WithoutLocks(), sqs.WithConfig(testConfig()))
	require.NoError(t, client.Initialize(t.Context()))
	defer client.Close(t.Context())
	return client.HandleMessage(t.Context(), m)
}

func placed(context.Context, *sqs.Message) error { return nil }
func cancelled(*sqs.Message)                     {}

type (
	myError   struct{}
	myContext struct{ context.Context }
	order     struct{ ID int }
	namedFunc func(context.Context, *sqs.Message) error
	reader    interface{ Read() }

	contextual interface{ context.Context }
)

func (*myError) Error() string { return "mine" }

func generic[T any](context.Context, T) error { return nil }

type orders struct{ handled []string }

func (o *orders) Placed(_ context.Context, m *sqs.Message) error {
	o.handled = append(o.handled, "Placed:"+m.Event())
	return nil
}
func (o orders) Value(*sqs.Message) {}

const forms = "; a handler is func([context.Context,] *sqs.Message [, T]) or func([context.Context,] T), where T is the payload, " +
	"and returns nothing, error or (R, error)"

func TestAFunctionThatCannotBeAHandlerIsRefusedWithTheReason(t *testing.T) {
	var nilFunc func(*sqs.Message)
	var nilNamed namedFunc
	local := func() {}
	tests := []struct {
		name string
		fn   any
		want string
	}{
		{"nil", nil, "invalid handler: it is nil"},
		{"not a function", 42, "invalid handler: int is not a function"},
		{"nil func value", nilFunc, "invalid handler: it is a nil func(*sqs.Message)"},
		{"nil named func", nilNamed, "invalid handler: it is a nil sqs_test.namedFunc"},
		{"no parameters", local, "func(): it takes no message: the parameter *sqs.Message or a payload is missing"},
		{"context only", func(context.Context) error { return nil }, "func(context.Context) error: it takes no message: the parameter *sqs.Message or a payload is missing"},
		{"variadic", func(...*sqs.Message) {}, "func(...*sqs.Message): it is variadic: a handler gets one message at a time, take *sqs.Message"},
		{"variadic after the message", func(*sqs.Message, ...string) {}, "func(*sqs.Message, ...string): it is variadic: take []string without the dots"},
		{"context last", func(*sqs.Message, context.Context) {}, "func(*sqs.Message, context.Context): parameter 2 is context.Context: it comes first and once"},
		{"two messages", func(*sqs.Message, *sqs.Message) {}, "func(*sqs.Message, *sqs.Message): parameter 2 is a second *sqs.Message"},
		{"message after payload", func(order, *sqs.Message) {}, "func(sqs_test.order, *sqs.Message): parameter 2 is *sqs.Message: it comes before the payload"},
		{"two payloads", func(context.Context, order, string) {}, "func(context.Context, sqs_test.order, string): parameters 2 and 3 are two payloads, sqs_test.order and string: make them one struct"},
		{"message by value", func(sqs.Message) {}, "func(sqs.Message): parameter 1 is sqs.Message: take a pointer, *sqs.Message"},
		{"batch of messages", func([]*sqs.Message) {}, "func([]*sqs.Message): parameter 1 is []*sqs.Message: a handler gets one message at a time, take *sqs.Message"},
		{"pointer to a message pointer", func(**sqs.Message) {}, "func(**sqs.Message): parameter 1 is **sqs.Message: a handler gets one message at a time, take *sqs.Message"},
		{"pointer to a channel", func(*chan int) {}, "func(*chan int): parameter 1 is *chan int, which JSON cannot be decoded into"},
		{"pointer to an interface", func(*reader) {}, "func(*sqs_test.reader): parameter 1 is the interface *sqs_test.reader, which JSON cannot be decoded into: take a struct, or any"},
		{"custom context interface", func(contextual, *sqs.Message) {}, "func(sqs_test.contextual, *sqs.Message): parameter 1 is sqs_test.contextual, a context of its own: take context.Context"},
		{"channel payload", func(chan int) {}, "func(chan int): parameter 1 is chan int, which JSON cannot be decoded into"},
		{"function payload", func(func()) {}, "func(func()): parameter 1 is func(), which JSON cannot be decoded into"},
		{"complex payload", func(complex128) {}, "func(complex128): parameter 1 is complex128, which JSON cannot be decoded into"},
		{"pointer payload", func(unsafe.Pointer) {}, "func(unsafe.Pointer): parameter 1 is unsafe.Pointer, which JSON cannot be decoded into"},
		{"interface payload", func(reader) {}, "func(sqs_test.reader): parameter 1 is the interface sqs_test.reader, which JSON cannot be decoded into: take a struct, or any"},
		{"error payload", func(error) {}, "func(error): parameter 1 is the interface error, which JSON cannot be decoded into: take a struct, or any"},
		{"custom context", func(myContext, *sqs.Message) {}, "func(sqs_test.myContext, *sqs.Message): parameter 1 is sqs_test.myContext, a context of its own: take context.Context"},
		{"lone result", func(*sqs.Message) string { return "" }, "func(*sqs.Message) string: its only result is string and not error"},
		{"typed error", func(*sqs.Message) *myError { return nil }, "func(*sqs.Message) *sqs_test.myError: its only result is *sqs_test.myError and not error"},
		//lint:ignore ST1008 the handler is wrong on purpose
		{"error first", func(*sqs.Message) (error, string) { return nil, "" }, "func(*sqs.Message) (error, string): its second result is string and not error"},
		{"two errors", func(*sqs.Message) (error, error) { return nil, nil }, "func(*sqs.Message) (error, error): both its results are errors"},
		{"three results", func(*sqs.Message) (int, int, error) { return 0, 0, nil }, "func(*sqs.Message) (int, int, error): it has 3 results"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			r := sqs.NewRegistry()
			err := r.AddHandler(tt.fn, "A.b", "A.c")
			require.ErrorIs(t, err, sqs.ErrInvalidHandler)
			want := tt.want
			if !strings.HasPrefix(want, "invalid handler") {
				want = "invalid handler NAME, " + want
			}
			got := closure.ReplaceAllString(text(err), "NAME")
			assert.Equal(t, `sqs: adding a handler for "A.b", "A.c" at PLACE: `+want+forms, got)
			assert.Empty(t, r.Handlers())
			assert.ErrorIs(t, r.Err(), sqs.ErrInvalidHandler)
		})
	}
}

func TestEventsAreChecked(t *testing.T) {
	tests := []struct {
		name   string
		events []string
		is     error
		want   string
	}{
		{"empty", []string{""}, sqs.ErrInvalidEvent, `invalid event: it is empty: name an event such as "UserUpdated.user", or none for the default handler`},
		{"white space", []string{" A.b"}, sqs.ErrInvalidEvent, `invalid event " A.b": it begins or ends with white space`},
		{"wildcard alone", []string{".*"}, sqs.ErrInvalidEvent, `invalid event ".*": there is nothing before the wildcard; "*" binds the default handler`},
		{"wildcard inside", []string{"A.*.b"}, sqs.ErrInvalidEvent, `invalid event "A.*.b": a wildcard stands only at the end, as in "UserUpdated.*"`},
		{"wildcard in a word", []string{"A*"}, sqs.ErrInvalidEvent, `invalid event "A*": a wildcard stands only at the end, as in "UserUpdated.*"`},
		{"bound before", []string{"Old.one"}, sqs.ErrDuplicateEvent, `event is already bound: "Old.one" to sqs_test.cancelled at PLACE: an event has one handler, bind the second to another event`},
		{"twice in a call", []string{"A.b", "A.b"}, sqs.ErrDuplicateEvent, `event is already bound: "A.b" to sqs_test.placed at PLACE: an event has one handler, bind the second to another event`},
		{"default bound before", nil, sqs.ErrDuplicateEvent, `event is already bound: every other event (the default) to sqs_test.cancelled at PLACE: an event has one handler, bind the second to another event`},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			r := sqs.NewRegistry()
			require.NoError(t, r.AddHandler(cancelled, "Old.one", sqs.Default))
			err := r.AddHandler(placed, append(tt.events, tt.events...)[:len(tt.events)]...)
			require.ErrorIs(t, err, tt.is)
			assert.Equal(t, "sqs: adding handler sqs_test.placed at PLACE: "+tt.want, text(err))
			assert.Len(t, r.Handlers(), 2, "nothing is bound where one event is refused")
			assert.Equal(t, 1+strings.Count(err.Error(), "is already bound"), len(place.FindAllString(err.Error(), -1)), "a duplicate names both places")
		})
	}
}

func TestEveryBadEventOfACallIsNamed(t *testing.T) {
	err := sqs.NewRegistry().AddHandler(placed, "A.b", "", "*.x", "A.b")
	assert.ErrorIs(t, err, sqs.ErrInvalidEvent)
	assert.ErrorIs(t, err, sqs.ErrDuplicateEvent)
	assert.Len(t, strings.Split(err.Error(), "\n"), 3)
}

func TestHandlersOfEveryFormAreCalledWithWhatTheyTake(t *testing.T) {
	type payload struct{ ID int }
	boom := errors.New("boom")
	var got []any
	note := func(v ...any) { got = append(got, v...) }
	body := `{"ID":7}`
	tests := []struct {
		name   string
		fn     any
		body   string
		want   []any
		result any
		err    error
	}{
		{"message", func(m *sqs.Message) { note(m.RawBody) }, body, []any{body}, nil, nil},
		{"message, error", func(m *sqs.Message) error { note(m.RawBody); return boom }, body, []any{body}, nil, boom},
		{"message, result", func(*sqs.Message) (any, error) { return 1, nil }, body, nil, 1, nil},
		{"context, message", func(ctx context.Context, m *sqs.Message) { note(ctx != nil, m.MessageID) }, body, []any{true, "m-1"}, nil, nil},
		{"context, message, error", func(context.Context, *sqs.Message) error { return boom }, body, nil, nil, boom},
		{"context, message, any result", func(context.Context, *sqs.Message) (any, error) { return "r", boom }, body, nil, "r", boom},
		{"typed result", func(context.Context, *sqs.Message) (payload, error) { return payload{9}, nil }, body, nil, payload{9}, nil},
		{"struct", func(p payload) { note(p.ID) }, body, []any{7}, nil, nil},
		{"pointer", func(_ context.Context, p *payload) error { note(p.ID); return nil }, body, []any{7}, nil, nil},
		{"message and struct", func(m *sqs.Message, p payload) (int, error) { note(m.MessageID); return p.ID, nil }, body, []any{"m-1"}, 7, nil},
		{"all", func(ctx context.Context, m *sqs.Message, p payload) (*payload, error) {
			note(ctx != nil)
			return &p, nil
		}, body, []any{true}, &payload{7}, nil},
		{"map", func(p map[string]int) { note(p["ID"]) }, body, []any{7}, nil, nil},
		{"list", func(p []int) { note(len(p)) }, `[1,2]`, []any{2}, nil, nil},
		{"number", func(n int) { note(n) }, `5`, []any{5}, nil, nil},
		{"string is the raw body", func(s string) { note(s) }, `not json`, []any{`not json`}, nil, nil},
		{"bytes are the raw body", func(b []byte) { note(string(b)) }, `not json`, []any{`not json`}, nil, nil},
		{"raw message", func(raw json.RawMessage) { note(string(raw)) }, body, []any{body}, nil, nil},
		{"any is decoded", func(v any) { note(v) }, `{"a":1}`, []any{map[string]any{"a": json.Number("1")}}, nil, nil},
		{"any of what is not JSON", func(v any) { note(v) }, `plain`, []any{"plain"}, nil, nil},
		{"any of null", func(v any) { note(v) }, `null`, []any{nil}, nil, nil},
		{"named type", namedFunc(func(context.Context, *sqs.Message) error { return boom }), body, nil, nil, boom},
		{"generic instance", generic[payload], body, nil, nil, nil},
		{"nil error of the interface type", func(*sqs.Message) (string, error) { return "", nil }, body, nil, "", nil},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got = nil
			r := sqs.NewRegistry()
			require.NoError(t, r.AddHandler(tt.fn, "A.b"))
			result, err := handle(t, r, message("A.b", tt.body))
			assert.Equal(t, tt.want, got)
			assert.Equal(t, tt.result, result)
			assert.ErrorIs(t, err, tt.err)
		})
	}
}

func TestAPayloadThatCannotBeDecodedFailsWithoutShowingTheBody(t *testing.T) {
	for _, fn := range []any{func(order) {}, func(map[string]int) {}, func(json.RawMessage) {}, func(int) {}} {
		r := sqs.NewRegistry()
		require.NoError(t, r.AddHandler(fn, "A.b"))
		_, err := handle(t, r, message("A.b", `secret-body`))
		var failure *sqs.HandlerError
		require.ErrorAs(t, err, &failure)
		var syntax *json.SyntaxError
		assert.ErrorAs(t, err, &syntax)
		assert.Contains(t, err.Error(), `decoding message m-1 (event "A.b") into *`)
		assert.NotContains(t, err.Error(), "secret-body")
	}
}

func TestLookupGoesFromTheEventToItsPrefixesToTheDefault(t *testing.T) {
	r := sqs.NewRegistry()
	answer := func(s string) func(*sqs.Message) (any, error) {
		return func(*sqs.Message) (any, error) { return s, nil }
	}
	require.NoError(t, r.AddHandler(answer("exact"), "User.Updated.user"))
	require.NoError(t, r.AddHandler(answer("long"), "User.Updated.*"))
	require.NoError(t, r.AddHandler(answer("short"), "User.*"))
	tests := []struct{ event, want string }{
		{"User.Updated.user", "exact"},
		{"User.Updated.shop", "long"},
		{"User.Updated.user.v2", "long"},
		{"User.Created", "short"},
		{"User.", "short"},
	}
	for _, tt := range tests {
		got, err := handle(t, r, message(tt.event, ""))
		require.NoError(t, err, tt.event)
		assert.Equal(t, tt.want, got, tt.event)
	}
	for _, event := range []string{"Users.Created", "User", "", "*"} {
		_, err := handle(t, r, message(event, ""))
		assert.ErrorIs(t, err, sqs.ErrHandlerNotFound, event)
	}
	require.NoError(t, r.AddHandler(answer("default")))
	for _, event := range []string{"Users.Created", "User", "", "*"} {
		got, err := handle(t, r, message(event, ""))
		require.NoError(t, err)
		assert.Equal(t, "default", got, event)
	}
}

func TestListingsHaveRealNamesAndPlaces(t *testing.T) {
	r := sqs.NewRegistry()
	o := &orders{}
	require.NoError(t, r.AddHandler(o.Placed, "A.method"))
	require.NoError(t, r.AddHandler(orders{}.Value, "B.value"))
	require.NoError(t, r.AddHandler(placed, "C.function"))
	require.NoError(t, r.AddHandler(generic[map[string]order], "D.generic"))
	require.NoError(t, r.AddHandler(cancelled))
	var got []string
	for _, h := range r.Handlers() {
		got = append(got, h.Event+" "+h.Name+" "+h.Signature)
		assert.Regexp(t, `registration_test\.go:\d+$`, h.Location)
	}
	assert.Equal(t, []string{
		"* sqs_test.cancelled func(*sqs.Message)",
		"A.method sqs_test.(*orders).Placed func(context.Context, *sqs.Message) error",
		"B.value sqs_test.orders.Value func(*sqs.Message)",
		"C.function sqs_test.placed func(context.Context, *sqs.Message) error",
		"D.generic sqs_test.generic[...] func(context.Context, map[string]sqs_test.order) error",
	}, got)
}

func TestTheDecoratorReturnsTheFunctionAndPanicsWhereItCannotBind(t *testing.T) {
	t.Cleanup(sqs.DefaultRegistry.Reset)
	fn := sqs.Handler(func(m *sqs.Message) error { return nil }, "A.b")
	assert.NoError(t, fn(nil))
	assert.Len(t, sqs.DefaultRegistry.Handlers(), 1)
	func() {
		defer func() {
			err, ok := recover().(error)
			assert.True(t, ok, "the panic is the error that AddHandler would return")
			assert.Equal(t, `sqs: adding a handler for "A.c" at PLACE: invalid handler: int is not a function`+forms, text(err))
		}()
		sqs.Handler(7, "A.c")
	}()
	assert.Error(t, sqs.DefaultRegistry.Err(), "also recorded")
}

func TestTheZeroRegistryWorks(t *testing.T) {
	var r sqs.Registry
	assert.Empty(t, r.Handlers())
	assert.NoError(t, r.Err())
	require.NoError(t, r.AddHandler(placed, "A.b"))
	assert.Len(t, r.Handlers(), 1)
	r.Reset()
	assert.Empty(t, r.Handlers())
}

func TestAMethodValueOfANilPointerIsAHandler(t *testing.T) {
	var o *orders
	r := sqs.NewRegistry()
	require.NoError(t, r.AddHandler(o.Placed, "A.b"), "Go lets a pointer method run with a nil receiver")
	_, err := handle(t, r, message("A.b", ""))
	var failure *sqs.PanicError
	assert.ErrorAs(t, err, &failure, "this one needs its receiver")
}
