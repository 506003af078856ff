package sqs

import (
	"fmt"
	"reflect"
	"runtime"
	"strings"
)

// packagePrefix begins the names of this package's functions.
var packagePrefix = reflect.TypeFor[Registry]().PkgPath() + "."

// callerLocation is the file:line from which this package was called.
func callerLocation() string {
	var callers [16]uintptr
	frames := runtime.CallersFrames(callers[:runtime.Callers(2, callers[:])])
	for {
		frame, more := frames.Next()
		ours := strings.HasPrefix(frame.Function, packagePrefix) && !strings.HasSuffix(frame.File, "_test.go")
		if !ours && frame.File != "" && frame.Function != "runtime.goexit" { // goexit: the call itself was a go statement
			return fmt.Sprintf("%s:%d", frame.File, frame.Line)
		}
		if !more {
			return "an unknown place"
		}
	}
}

// functionName names a function as people do: shop.Placed, shop.(*Orders).Placed, shop.init.func1.
func functionName(fn reflect.Value) string {
	f := runtime.FuncForPC(fn.Pointer())
	if f == nil {
		return fn.Type().String()
	}
	return readableName(f.Name())
}

// readableName makes a function's name of its linker symbol.
func readableName(symbol string) string {
	name := strings.TrimSuffix(symbol, "-fm")
	generic := ""
	if i := strings.IndexByte(name, '['); i >= 0 { // type arguments may have slashes of their own
		name, generic = name[:i], name[i:]
	}
	name = name[strings.LastIndexByte(name, '/')+1:]
	return strings.ReplaceAll(name, "%2e", ".") + generic // the linker's spelling of gopkg.in/shop.v2
}
