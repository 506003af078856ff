package port

import (
	"fmt"
	"strings"
)

// messages writes a function for each place that creates a message.
func (w *output) messages() {
	for _, m := range w.service.Messages {
		w.message(m)
	}
}

// messageName is the Go function of a message.
func (w *output) messageName(m *Message) string {
	if m.goName == "" {
		verb, what := "publish", m.Event
		if m.Queue {
			verb = "send"
		}
		if !m.HasEvent {
			what = "from " + m.In
		}
		wanted := lowerFirst(pascal(verb + " " + what))
		m.goName = w.names.free(wanted, m.module.name)
	}
	return m.goName
}

func (w *output) message(m *Message) {
	f := w.file(m.module)
	name := w.messageName(m)
	f.uses["context"] = true
	verb := "publishes"
	if m.Queue {
		verb = "sends"
	}
	where := ""
	if m.In != "" {
		where = " in " + m.In
	}
	f.code.WriteString(comment(fmt.Sprintf("%s %s the message of %s%s.", name, verb, m.At, where)))
	f.code.WriteString(pythonLines([]string{m.Text}))
	params, notes := m.parameters()
	if m.Body != "" {
		notes = append([]string{"body is " + m.Body + " in Python"}, notes...)
	}
	if !m.Sent {
		notes = append(notes, "no publish() or send() of it was found nearby")
		w.leave(m.At, "%s: no publish() or send() of it was found nearby", m.Text)
	}
	if !m.HasEvent && len(m.seen) > 0 {
		notes = append(notes, "the event is one of "+quotedAll(m.seen)+" in the calls that were followed")
		w.leave(m.At, "%s: the event is one of %s in the calls that were followed", m.Text, quotedAll(m.seen))
	}
	for _, n := range append(m.Notes, m.clientNote()...) {
		notes = append(notes, n)
		w.leave(m.At, "%s: %s", m.Text, n)
	}
	for _, n := range notes {
		f.code.WriteString(note("%s", n))
	}
	fmt.Fprintf(&f.code, "func %s(ctx context.Context, %s) error {\n%s}\n\n", name, params, m.body(f))
}

// clientNote says of a message to another topic or queue than the service's own.
func (m *Message) clientNote() []string {
	c := m.Client
	if c == nil || c.Own {
		return nil
	}
	what := "the topic " + quoted(c.Name)
	option := "sns.New(sns.WithTopicARN(...))"
	if c.Queue {
		what, option = "the queue "+quoted(c.Name), "sqs.New(sqs.WithQueueName(...))"
	}
	if !c.Known {
		what = "a topic or queue that is " + c.Why + " in Python"
	}
	return []string{fmt.Sprintf("it goes to %s (%s), which needs a client of its own, as %s", what, c.At, option)}
}

// parameters are what Go takes as an argument, since only running Python shows it.
func (m *Message) parameters() (string, []string) {
	var params, notes []string
	if !m.HasEvent && !m.Queue {
		params = append(params, "event string")
	}
	if m.Version == "" && !m.Queue {
		params = append(params, "version int")
	}
	for _, a := range m.Attributes {
		if a.Value == "" {
			params = append(params, m.argument(a)+" any")
			notes = append(notes, fmt.Sprintf("%s is the attribute %s, %s in Python", m.argument(a), quoted(a.Name), a.Python))
		}
	}
	return strings.Join(append(params, "body any"), ", "), notes
}

// argument is the name of the Go argument of an attribute: its position keeps it apart from the others.
func (m *Message) argument(a Attribute) string {
	n := newNames()
	for _, taken := range []string{"ctx", "m", "err", "event", "body", "version"} {
		n.taken[taken] = true
	}
	for _, other := range m.Attributes {
		if other.Value != "" {
			continue
		}
		name := n.free(camel(other.Name, "attribute"))
		if other.Name == a.Name {
			return name
		}
	}
	return "attribute"
}

// body is the code that creates and sends.
func (m *Message) body(f *goFile) string {
	var out strings.Builder
	check := "if err != nil {\nreturn err\n}\n"
	set := func(call string, args ...any) {
		fmt.Fprintf(&out, "if err := m."+call+"; err != nil {\nreturn err\n}\n", args...)
	}
	if m.Queue {
		f.uses[libraryPath+"/sqs"] = true
		out.WriteString("m, err := sqs.SQSClient.CreateMessage(body)\n" + check)
		if m.HasEvent {
			set(map[bool]string{true: "AddRawEvent(%s)", false: "AddEvent(%s)"}[m.Raw], quoted(m.Event))
		}
		for _, a := range m.Attributes {
			set("AddAttribute(%s, %s)", quoted(a.Name), m.valueOf(a))
		}
		if m.Delay != "" {
			f.uses["time"] = true
			set("SetDelay(%s * time.Second)", m.Delay)
		}
		return out.String() + "return m.Send(ctx)\n"
	}
	f.uses[libraryPath+"/sns"] = true
	event := "event"
	if m.HasEvent {
		event = quoted(m.Event)
	}
	fmt.Fprintf(&out, "m, err := sns.CreateMessage(%s, body%s)\n%s", event, m.optionList(), check)
	if m.Subject != "" {
		set("SetSubject(%s)", quoted(m.Subject))
	}
	if m.Structure != "" {
		set("SetMessageStructure(%s)", quoted(m.Structure))
	}
	return out.String() + "return m.Publish(ctx)\n"
}

func (m *Message) valueOf(a Attribute) string {
	if a.Value == "" {
		return m.argument(a)
	}
	return a.Value
}

// optionList is version, raw event and attributes, each after a comma.
func (m *Message) optionList() string {
	out := ""
	if m.Version == "" {
		out += ", sns.WithVersion(version)"
	} else if m.Version != "1" {
		out += ", sns.WithVersion(" + m.Version + ")"
	}
	if m.Raw {
		out += ", sns.WithRawEvent()"
	}
	for _, a := range m.Attributes {
		out += fmt.Sprintf(", sns.WithAttribute(%s, %s)", quoted(a.Name), m.valueOf(a))
	}
	return out
}
