package sqs

import (
	"fmt"
	"strings"
)

// checkEvent refuses what can never be the event of a message.
func checkEvent(event string) error {
	if event == Default {
		return nil
	}
	switch stem := strings.TrimSuffix(event, ".*"); {
	case event == "":
		return fmt.Errorf("%w: it is empty: name an event such as \"UserUpdated.user\", or none for the default handler", ErrInvalidEvent)
	case strings.TrimSpace(event) != event:
		return fmt.Errorf("%w %q: it begins or ends with white space", ErrInvalidEvent, event)
	case stem == "":
		return fmt.Errorf("%w %q: there is nothing before the wildcard; %q binds the default handler", ErrInvalidEvent, event, Default)
	case strings.Contains(stem, "*"):
		return fmt.Errorf("%w %q: a wildcard stands only at the end, as in \"UserUpdated.*\"", ErrInvalidEvent, event)
	}
	return nil
}

// prefixOf returns what events have to begin with for a wildcard event, with the last dot.
func prefixOf(event string) (string, bool) {
	if event == Default || !strings.HasSuffix(event, ".*") {
		return "", false
	}
	return strings.TrimSuffix(event, "*"), true
}
