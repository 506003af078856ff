package iniesta

import (
	"errors"
	"fmt"
	"math/bits"
	"strconv"
	"strings"
)

// InitializationTypes is what an application is: one of the types below, or several. Python:
// InitializationTypes.
type InitializationTypes uint

// The initialization types, with the names and values of Python.
const (
	QUEUE_POLLING InitializationTypes = 1 << iota // receives from a queue
	EVENT_POLLING                                 // receives from a queue that is subscribed to the topic
	_
	_
	SNS_PRODUCER // publishes to the topic
	CUSTOM       // reads the settings and does nothing
)

var typeNames = map[InitializationTypes]string{
	QUEUE_POLLING: "QUEUE_POLLING", EVENT_POLLING: "EVENT_POLLING", SNS_PRODUCER: "SNS_PRODUCER", CUSTOM: "CUSTOM",
}

// ErrInvalidType is matched by the refusal of a name that is not an initialization type.
var ErrInvalidType = errors.New("not an initialization type: accepted are QUEUE_POLLING, EVENT_POLLING, SNS_PRODUCER, CUSTOM")

// ParseInitializationTypes reads the names of INIESTA_INITIALIZATION_TYPE. The error matches
// ErrInvalidType and names each one that is none.
func ParseInitializationTypes(names ...string) (InitializationTypes, error) {
	var types InitializationTypes
	var problems []error
	for _, name := range names {
		t, ok := typeOf(name)
		if !ok {
			problems = append(problems, fmt.Errorf("%q: %w", name, ErrInvalidType))
		}
		types |= t
	}
	return types, errors.Join(problems...)
}

func typeOf(name string) (InitializationTypes, bool) {
	for t, n := range typeNames {
		if n == name {
			return t, true
		}
	}
	return 0, false
}

// Has reports whether all of other are in t.
func (t InitializationTypes) Has(other InitializationTypes) bool { return t&other == other }

// polls reports whether a queue is received from.
func (t InitializationTypes) polls() bool { return t&(QUEUE_POLLING|EVENT_POLLING) != 0 }

// String is what Python prints: InitializationTypes.SNS_PRODUCER|EVENT_POLLING, the highest first, and
// InitializationTypes.0 for none.
func (t InitializationTypes) String() string {
	if t == 0 {
		return "InitializationTypes.0"
	}
	var names []string
	for rest := t; rest != 0; {
		highest := InitializationTypes(1) << (bits.Len(uint(rest)) - 1)
		rest &^= highest
		name, ok := typeNames[highest]
		if !ok {
			name = strconv.FormatUint(uint64(highest), 10)
		}
		names = append(names, name)
	}
	return "InitializationTypes." + strings.Join(names, "|")
}
