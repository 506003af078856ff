package main

import (
	"encoding/base64"
	"fmt"
	"io"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sqs/types"
	"github.com/fatih/color"

	"github.com/seed08532102/iniesta/internal/terminal"
)

// messageView prints messages, readable or as a line of JSON each.
type messageView struct {
	out      io.Writer
	eventKey string
	asJSON   bool
}

// shownMessage is a message in JSON.
type shownMessage struct {
	ID           string            `json:"message_id"`
	Event        string            `json:"event,omitempty"`
	SentAt       time.Time         `json:"sent_at"`
	ReceiveCount int               `json:"receive_count"`
	GroupID      string            `json:"group_id,omitempty"`
	Attributes   map[string]string `json:"attributes,omitempty"`
	Body         string            `json:"body"`
}

func (v *messageView) show(m *types.Message) error {
	shown := v.read(m)
	if v.asJSON {
		return terminal.EncodeJSON(v.out, shown, "")
	}
	event := shown.Event
	if event == "" {
		event = "(no event)"
	}
	var attributes []string
	for _, name := range slices.Sorted(maps.Keys(shown.Attributes)) {
		if name != v.eventKey {
			attributes = append(attributes, name+"="+shown.Attributes[name])
		}
	}
	count := ""
	if shown.ReceiveCount > 1 {
		count = fmt.Sprintf("  received %d times", shown.ReceiveCount)
	}
	coloured := terminal.Styled(color.New(color.FgCyan).Sprint(terminal.Escape(event)))
	_, err := terminal.Fprintf(v.out, "%s  %s  %s  %s%s\n    %s\n", shown.SentAt.Local().Format("15:04:05.000"),
		coloured, shown.ID, strings.Join(attributes, " "), count, shown.Body)
	return err
}

func (v *messageView) read(m *types.Message) shownMessage {
	system := func(name types.MessageSystemAttributeName) string { return m.Attributes[string(name)] }
	sent, _ := strconv.ParseInt(system(types.MessageSystemAttributeNameSentTimestamp), 10, 64) // SQS writes numbers
	count, _ := strconv.Atoi(system(types.MessageSystemAttributeNameApproximateReceiveCount))
	shown := shownMessage{
		ID: aws.ToString(m.MessageId), SentAt: time.UnixMilli(sent).UTC(), ReceiveCount: count, Body: aws.ToString(m.Body),
		GroupID: system(types.MessageSystemAttributeNameMessageGroupId), Attributes: map[string]string{},
	}
	for name, value := range m.MessageAttributes {
		text := aws.ToString(value.StringValue)
		if value.StringValue == nil {
			text = base64.StdEncoding.EncodeToString(value.BinaryValue)
		}
		shown.Attributes[name] = text
	}
	shown.Event = shown.Attributes[v.eventKey]
	return shown
}
