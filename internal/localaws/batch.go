package localaws

import (
	"regexp"
)

// batchOutput is the answer of the batch operations: each entry is in one of the lists, under its id.
type batchOutput struct {
	Successful []any         `json:",omitempty"`
	Failed     []failedEntry `json:",omitempty"`
}

type failedEntry struct {
	Id          string
	Code        string
	Message     string
	SenderFault bool
}

type succeededEntry struct{ Id string }

var entryID = regexp.MustCompile(`^[A-Za-z0-9_-]{1,80}$`)

// runBatch runs an operation for each entry. The batch itself is refused as a whole where it is empty, too long, its
// ids are invalid or not distinct, or check, which may be nil, refuses it.
func runBatch[E any](r *request, entries []E, id func(*E) string, check func() error, run func(*E) (any, error)) (*batchOutput, error) {
	if len(entries) == 0 {
		return nil, errEmptyBatch
	}
	if len(entries) > 10 {
		return nil, tooManyEntries(len(entries))
	}
	seen := make(map[string]bool, len(entries))
	for i := range entries {
		name := id(&entries[i])
		if !entryID.MatchString(name) {
			return nil, errInvalidID
		}
		if seen[name] {
			return nil, errIDsNotDistinct
		}
		seen[name] = true
	}
	if check != nil {
		if err := check(); err != nil {
			return nil, err
		}
	}
	out := &batchOutput{Successful: []any{}, Failed: []failedEntry{}}
	for i := range entries {
		r.runEntry(out, i, id(&entries[i]), func() (any, error) { return run(&entries[i]) })
	}
	return out, nil
}

func (r *request) runEntry(out *batchOutput, i int, id string, run func() (any, error)) {
	if r.fault.Entries != nil {
		if f := r.fault.Entries(i); f != nil {
			out.Failed = append(out.Failed, failedEntry{id, f.Code, "This error was made on purpose.", f.SenderFault})
			return
		}
	}
	done, err := run()
	if err == nil {
		out.Successful = append(out.Successful, done)
		return
	}
	e, ok := err.(*apiError)
	if !ok {
		out.Failed = append(out.Failed, failedEntry{id, "InternalError", err.Error(), false})
		return
	}
	out.Failed = append(out.Failed, failedEntry{id, e.code, e.message, e.status < 500})
}
