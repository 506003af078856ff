package guard_test

import (
	"errors"
	"runtime"
	"testing"

	"github.com/stretchr/testify/assert"
	"go.uber.org/goleak"

	"github.com/seed08532102/iniesta/internal/guard"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// hostile is a value whose methods panic.
type hostile struct{}

func (hostile) Error() string { panic("again") }

func TestAPanicIsAnErrorThatSaysWhereItWas(t *testing.T) {
	var nowhere *struct{ x int }
	for want, f := range map[string]func() error{
		`^the hook panicked at .*/guard_test.go:\d+: boom$`:                                 func() error { panic("boom") },
		`^the hook panicked at .*/guard_test.go:\d+: runtime error: invalid memory address`: func() error { nowhere.x = 1; return nil },
		`^the hook panicked at .*/guard_test.go:\d+: %!v\(PANIC=Error method: again\)$`:     func() error { panic(hostile{}) },
		`^the hook panicked at .*/guard_test.go:\d+: panic called with nil argument`:        func() error { panic(nil) },
		`^the hook failed$`: func() error { return errors.New("the hook failed") },
	} {
		for _, call := range []func(string, func() error) error{guard.Call, guard.Run} {
			assert.Regexp(t, want, call("the hook", f))
		}
	}
}

func TestAGoexitIsAnErrorOfRun(t *testing.T) {
	err := guard.Run("the hook", func() error { runtime.Goexit(); return nil })
	assert.EqualError(t, err, "the hook ended its goroutine (runtime.Goexit)")
	assert.NoError(t, guard.Run("the hook", func() error { return nil }))
}
