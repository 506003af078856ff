package terminal

import (
	"fmt"
	"io"
)

// Styled is text that is printed as it is, with colours: what it is made of was escaped before.
type Styled string

// Fprintf is fmt.Fprintf with Escape for every text and error among the arguments.
func Fprintf(w io.Writer, format string, args ...any) (int, error) {
	safe := make([]any, len(args))
	for i, arg := range args {
		switch a := arg.(type) {
		case Styled:
			safe[i] = string(a)
		case string:
			safe[i] = Escape(a)
		case error:
			safe[i] = Escape(a.Error())
		case fmt.Stringer:
			safe[i] = Escape(a.String())
		default:
			safe[i] = a
		}
	}
	return fmt.Fprintf(w, format, safe...)
}
