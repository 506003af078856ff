package sqs_test

import (
	"context"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/seed08532102/iniesta/sqs"
)

// shop has methods of several kinds; each of the types below tags them in its own way.
type shop struct{ ran []string }

func (s *shop) Placed(context.Context, *sqs.Message) error {
	s.ran = append(s.ran, "Placed")
	return nil
}
func (s *shop) Cancelled(*sqs.Message) { s.ran = append(s.ran, "Cancelled") }
func (s *shop) Wrong(int, int)         {}

type (
	byValue   struct{ shop }
	byName    struct{ shop }
	byMethod  struct{ shop }
	promoting struct{ *byValue }
)

func (s *byValue) Handlers() map[string]any {
	return map[string]any{"Order.placed": s.Placed, "Order.cancelled": "Cancelled", sqs.Default: s.Cancelled}
}
func (s *byName) Handlers() map[string]string {
	return map[string]string{"Order.placed": "Placed", "Order.moved": "Placed"}
}
func (s *byMethod) Handlers() map[string][]string {
	return map[string][]string{"Placed": {"Order.placed", "Order.moved"}, "Cancelled": {"Order.cancelled"}}
}

func TestMethodsAreBoundByWhatHandlersReturns(t *testing.T) {
	tests := []struct {
		name string
		obj  any
		want []string
	}{
		{"method values", &byValue{}, []string{"* sqs_test.(*shop).Cancelled", "Order.cancelled sqs_test.(*byValue).Cancelled", "Order.placed sqs_test.(*shop).Placed"}},
		{"names", &byName{}, []string{"Order.moved sqs_test.(*byName).Placed", "Order.placed sqs_test.(*byName).Placed"}},
		{"events of each name", &byMethod{}, []string{"Order.cancelled sqs_test.(*byMethod).Cancelled", "Order.moved sqs_test.(*byMethod).Placed", "Order.placed sqs_test.(*byMethod).Placed"}},
		{"Handlers is promoted", promoting{&byValue{}}, []string{"* sqs_test.(*shop).Cancelled", "Order.cancelled sqs_test.promoting.Cancelled", "Order.placed sqs_test.(*shop).Placed"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			r := sqs.NewRegistry()
			require.NoError(t, r.RegisterMethods(tt.obj))
			var got []string
			for _, h := range r.Handlers() {
				got = append(got, h.Event+" "+h.Name)
				assert.Regexp(t, `registermethods_test\.go:\d+$`, h.Location)
			}
			assert.Equal(t, tt.want, got)
		})
	}
}

func TestBoundMethodsRunOnTheirObject(t *testing.T) {
	o := &byValue{}
	r := sqs.NewRegistry()
	require.NoError(t, r.RegisterMethods(o))
	for _, event := range []string{"Order.placed", "Order.cancelled", "Other.event"} {
		_, err := handle(t, r, message(event, ""))
		require.NoError(t, err)
	}
	assert.Equal(t, []string{"Placed", "Cancelled", "Cancelled"}, o.ran)
}

type (
	noHandlers  struct{}
	wrongType   struct{}
	wrongParams struct{}
	empty       struct{}
	byEvents    struct {
		shop
		m map[string][]string
	}
	fields struct{ one, two empty }
	twice  struct {
		*byValue
		empty
	}
	tags struct {
		shop
		m map[string]any
	}
	names struct {
		shop
		m map[string]string
	}
)

func (wrongType) Handlers() map[string]int         { return nil }
func (wrongParams) Handlers(string) map[string]any { return nil }
func (empty) Handlers() map[string]any             { return nil }
func (n *tags) Handlers() map[string]any           { return n.m }
func (n *names) Handlers() map[string]string       { return n.m }
func (n *byEvents) Handlers() map[string][]string  { return n.m }

const maps = "; Handlers has no parameters and returns map[string]any (event -> method value or name), " +
	"map[string]string (event -> name) or map[string][]string (name -> events)"

func TestAnObjectThatCannotBeRegisteredIsRefusedWithTheReason(t *testing.T) {
	var nilObject *byValue
	value := &byValue{}
	tests := []struct {
		name string
		obj  any
		want string
	}{
		{"nil", nil, "invalid handler: the object is nil"},
		{"nil pointer", nilObject, "invalid handler: the object is a nil *sqs_test.byValue"},
		{"no Handlers", noHandlers{}, "invalid handler: sqs_test.noHandlers has no method Handlers" + maps},
		{"wrong type", wrongType{}, "invalid handler: Handlers of sqs_test.wrongType is func() map[string]int" + maps},
		{"wrong parameters", wrongParams{}, "invalid handler: Handlers of sqs_test.wrongParams is func(string) map[string]interface {}" + maps},
		{"pointer receiver, value given", *value, "invalid handler: Handlers has a pointer receiver: pass a pointer to the sqs_test.byValue"},
		{"pointer to a pointer", &value, "invalid handler: **sqs_test.byValue is a pointer to a pointer: pass the *sqs_test.byValue"},
		{"several promoted", twice{byValue: value, empty: empty{}}, "invalid handler: Handlers of sqs_test.twice is ambiguous, since *sqs_test.byValue and sqs_test.empty are embedded and each has one: give sqs_test.twice a Handlers of its own"},
		{"fields that are not embedded", fields{one: empty{}, two: empty{}}, "invalid handler: sqs_test.fields has no method Handlers" + maps},
		{"no tags", empty{}, "invalid handler: Handlers of sqs_test.empty names no method"},
		{"not an object", 3, "invalid handler: int has no method Handlers" + maps},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			r := sqs.NewRegistry()
			err := r.RegisterMethods(tt.obj)
			require.ErrorIs(t, err, sqs.ErrInvalidHandler)
			assert.Equal(t, "sqs: registering methods at PLACE: "+tt.want, text(err))
			assert.Error(t, r.Err())
		})
	}
}

func TestATagThatNamesNoHandlerIsRefusedWithTheReason(t *testing.T) {
	tests := []struct {
		name   string
		method any
		want   string
	}{
		{"unknown", "Frobnicate", "invalid handler: *sqs_test.tags has no method Frobnicate"},
		{"misspelt", "Plaecd", "invalid handler: *sqs_test.tags has no method Plaecd; did you mean Placed?"},
		{"wrong case", "placed", "invalid handler: *sqs_test.tags has no method placed; did you mean Placed?"},
		{"lower case and misspelt", "plced", "invalid handler: method plced is not exported: only exported methods can be found by name, pass it as a method value or export it; did you mean Placed?"},
		{"white space", " Placed", "invalid handler: *sqs_test.tags has no method  Placed; did you mean Placed?"},
		{"like Handlers itself", "Handler", "invalid handler: *sqs_test.tags has no method Handler"},
		{"qualified", "shop.Placed", "invalid handler: *sqs_test.tags has no method shop.Placed"},
		{"unexported", "hidden", "invalid handler: method hidden is not exported: only exported methods can be found by name, pass it as a method value or export it"},
		{"empty", "", "invalid handler: the method's name is empty"},
		{"nil", nil, "invalid handler: it is nil" + forms},
		{"not a method", 5, "invalid handler: int is not a function" + forms},
		{"wrong signature", "Wrong", "invalid handler sqs_test.(*tags).Wrong, func(int, int): parameters 1 and 2 are two payloads, int and int: make them one struct" + forms},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			r := sqs.NewRegistry()
			err := r.RegisterMethods(&tags{m: map[string]any{"Order.placed": tt.method}})
			require.ErrorIs(t, err, sqs.ErrInvalidHandler)
			assert.Equal(t, `sqs: registering methods of *sqs_test.tags at PLACE: "Order.placed": `+tt.want, text(err))
		})
	}
}

// receivers has a pointer method that a value of it lacks.
type receivers struct{}

func (*receivers) Placed(*sqs.Message)        {}
func (receivers) Handlers() map[string]string { return map[string]string{"Order.placed": "Placed"} }

func TestAPointerMethodOfAValueIsToldHowToCureIt(t *testing.T) {
	err := sqs.NewRegistry().RegisterMethods(receivers{})
	assert.Equal(t, `sqs: registering methods of sqs_test.receivers at PLACE: "Order.placed": invalid handler: method Placed has a pointer receiver: pass a pointer to the sqs_test.receivers`, text(err))
	assert.NoError(t, sqs.NewRegistry().RegisterMethods(&receivers{}))
}

func TestAMapTheOtherWayRoundIsRecognised(t *testing.T) {
	const reversed = "invalid handler: the map is written the other way round: "
	tests := []struct {
		name string
		obj  any
		want string
	}{
		{"event -> method", &names{m: map[string]string{"Placed": "Order.placed"}},
			`*sqs_test.names at PLACE: "Placed": ` + reversed + `"Placed" is a method of *sqs_test.names, so write event -> method`},
		{"method -> events", &byEvents{m: map[string][]string{"Order.placed": {"Placed"}}},
			`*sqs_test.byEvents at PLACE: "Placed": ` + reversed + `"Placed" is a method of *sqs_test.byEvents, so write method -> events`},
		{"an event like its method", &names{m: map[string]string{"Cancelled": "Cancelled.v1"}},
			`*sqs_test.names at PLACE: "Cancelled": ` + reversed + `"Cancelled" is a method of *sqs_test.names, so write event -> method`},
		{"a misspelt method of an event like a method", &names{m: map[string]string{"Placed": "Plaecd"}},
			`*sqs_test.names at PLACE: "Placed": invalid handler: *sqs_test.names has no method Plaecd; did you mean Placed?`},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			err := sqs.NewRegistry().RegisterMethods(tt.obj)
			assert.Equal(t, "sqs: registering methods of "+tt.want, text(err))
		})
	}
}

func TestEveryBadEntryOfEventsByMethodIsListed(t *testing.T) {
	r := sqs.NewRegistry()
	err := r.RegisterMethods(&byEvents{m: map[string][]string{
		"Placed": {"Order.placed", "Order.both"}, "Cancelled": {"Order.both"}, "Moved": nil, "Nope": {"Order.nope"}, "Wrong": {},
	}})
	assert.Equal(t, `sqs: registering methods of *sqs_test.byEvents at PLACE: invalid handler: Handlers names no event for "Moved"
invalid handler: Handlers names no event for "Wrong"
"Order.nope": invalid handler: *sqs_test.byEvents has no method Nope
event is already bound: "Order.both" to sqs_test.(*byEvents).Cancelled at PLACE: an event has one handler, bind the second to another event`, text(err))
	assert.Empty(t, r.Handlers())
}

func TestRegisteringMethodsIsAllOrNothing(t *testing.T) {
	r := sqs.NewRegistry()
	require.NoError(t, r.AddHandler(placed, "Taken.event"))
	o := &tags{}
	o.m = map[string]any{"A.good": o.Placed, "B.bad": "Nope", "Taken.event": o.Placed, "": o.Placed, "C.bad": 1}
	err := r.RegisterMethods(o)
	assert.Equal(t, `sqs: registering methods of *sqs_test.tags at PLACE: "B.bad": invalid handler: *sqs_test.tags has no method Nope
"C.bad": invalid handler: int is not a function`+forms+`
invalid event: it is empty: name an event such as "UserUpdated.user", or none for the default handler
event is already bound: "Taken.event" to sqs_test.placed at PLACE: an event has one handler, bind the second to another event`, text(err))
	assert.Len(t, r.Handlers(), 1)
	assert.ErrorIs(t, r.Err(), sqs.ErrDuplicateEvent)
}
