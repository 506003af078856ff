package iniesta

import (
	"errors"
	"fmt"
	"log/slog"
)

// Finding is what one check found.
type Finding struct {
	Check  string // "topic", "queue", "subscription", "filter policy", "permission" and so on
	Status Status
	Text   string // what is the case, and for a warning or a failure what is wrong
	Cure   string // what to run or to set; empty where Text says it, and where nothing is wrong
	Err    error  // of a failure, for errors.Is
}

// Status is how a check ended.
type Status int

// A check that failed keeps the application from working. A warning does not.
const (
	OK Status = iota
	Warning
	Failed
)

// String is "ok", "warning" or "failed".
func (s Status) String() string {
	switch s {
	case OK:
		return "ok"
	case Warning:
		return "warning"
	}
	return "failed"
}

// MarshalText is String, for encoding/json.
func (s Status) MarshalText() ([]byte, error) { return []byte(s.String()), nil }

// findings collects what checks found.
type findings []Finding

func (f *findings) ok(check, format string, args ...any) {
	*f = append(*f, Finding{Check: check, Status: OK, Text: fmt.Sprintf(format, args...)})
}

func (f *findings) warn(check, cure, format string, args ...any) {
	*f = append(*f, Finding{Check: check, Status: Warning, Text: fmt.Sprintf(format, args...), Cure: cure})
}

func (f *findings) fail(check, cure string, err error) {
	*f = append(*f, Finding{Check: check, Status: Failed, Text: err.Error(), Cure: cure, Err: err})
}

// failed joins the errors of the failures.
func (f findings) failed() error {
	var errs []error
	for _, finding := range f {
		if finding.Status != Failed {
			continue
		}
		err := finding.Err
		if finding.Cure != "" {
			err = fmt.Errorf("%w: %s", err, finding.Cure)
		}
		errs = append(errs, err)
	}
	return errors.Join(errs...)
}

// log logs the warnings.
func (f findings) log(l *slog.Logger) {
	for _, finding := range f {
		if finding.Status == Warning {
			l.Warn("[INIESTA] "+finding.Text, slog.String("check", finding.Check), slog.String("cure", finding.Cure))
		}
	}
}
