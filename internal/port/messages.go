package port

import (
	"slices"
	"strconv"
	"strings"

	"github.com/seed08532102/iniesta/internal/port/python"
)

func isMessage(o *object) bool { return isA(o, sqsMessage, snsMessage) }

// newMessage is a message to the queue, or one to the topic without an event yet.
func (r *reader) newMessage(queue bool, a arguments, n *python.Node) value {
	m := &Message{Queue: queue, Version: "1", Body: r.argumentText(n, "message", len(n.Nodes("args"))-1)}
	if queue {
		m.Client = r.clientOf(first(a, "client"))
	}
	return r.noted(m, n)
}

// createMessage is a message to the topic.
func (r *reader) createMessage(e external, a arguments, n *python.Node) value {
	m := &Message{Client: r.clientOf(e.self)}
	if c, ok := a.get(-1, "client"); ok {
		m.Client = r.clientOf(c)
	}
	r.describe(m, a, n)
	m.Body = r.argumentText(n, "message", 1)
	return r.noted(m, n)
}

// describe reads what create_message and publish_event have in common.
func (r *reader) describe(m *Message, a arguments, n *python.Node) {
	m.Version = "1"
	if event, ok := a.get(0, "event"); ok {
		r.setEvent(m, event)
	}
	if v, ok := a.get(-1, "version"); ok {
		m.Version = ""
		if num, ok := v.(number); ok && isInt(string(num)) {
			m.Version = string(num)
		} else {
			m.Notes = append(m.Notes, "version is "+r.argumentText(n, "version", -1)+" in Python")
		}
	}
	if v, ok := a.get(-1, "raw_event"); ok {
		raw, known := truthOf(v)
		m.Raw = raw
		if !known {
			m.Notes = append(m.Notes, "raw_event is "+r.argumentText(n, "raw_event", -1)+" in Python")
		}
	}
	for _, name := range a.order {
		if !contains([]string{"event", "message", "version", "raw_event", "client"}, name) {
			m.Attributes = append(m.Attributes, attributeOf(name, a.named[name], r.argumentText(n, name, -1)))
		}
	}
	if a.open {
		m.Notes = append(m.Notes, "more arguments are known only at run time: "+r.module().source(n))
	}
}

func isInt(s string) bool {
	_, err := strconv.Atoi(s)
	return err == nil
}

func (r *reader) setEvent(m *Message, v value) {
	name, ok := plain(v)
	switch {
	case !ok:
		m.HasEvent, m.Event = false, ""
		m.Notes = append(m.Notes, "the event is "+why(v)+" in Python")
	default:
		m.HasEvent, m.Event = true, name
	}
}

func why(v value) string {
	switch v := v.(type) {
	case unknown:
		return v.why
	case member:
		return v.class.name + "." + v.name
	}
	return "known only at run time"
}

func attributeOf(name string, v value, python string) Attribute {
	a := Attribute{Name: name, Python: python}
	switch v := v.(type) {
	case text:
		a.Value = strconv.Quote(string(v))
	case number:
		_, notInt := strconv.ParseInt(string(v), 10, 64)
		_, notFloat := strconv.ParseFloat(string(v), 64)
		if notInt == nil || notFloat == nil && strings.ContainsAny(string(v), ".e") && !strings.ContainsAny(string(v), "ina_") {
			a.Value = string(v)
		}
	case *sequence:
		var items []string
		for _, item := range v.items {
			s, ok := plain(item)
			if !ok || v.open {
				return a
			}
			items = append(items, strconv.Quote(s))
		}
		a.Value = "[]string{" + strings.Join(items, ", ") + "}"
	}
	return a
}

// argumentText is an argument of a call in Python.
func (r *reader) argumentText(n *python.Node, name string, position int) string {
	for _, k := range n.Nodes("keywords") {
		if k.Text("arg") == name {
			return r.module().source(k.Node("value"))
		}
	}
	if args := n.Nodes("args"); position >= 0 && position < len(args) {
		return r.module().source(args[position])
	}
	return ""
}

// noted keeps one Message for a call, however often it is followed. Where that gave other events, the event is none
// of them.
func (r *reader) noted(m *Message, n *python.Node) value {
	m.At, m.Text, m.In, m.node, m.module = r.at(n), r.module().source(n), r.place(), n, r.module()
	if known, ok := r.sites[n].(*Message); ok {
		known.saw(m)
		m = known
	} else {
		m.saw(m)
		r.sites[n] = m
		r.found.Messages = append(r.found.Messages, m)
	}
	of := snsMessage
	if m.Queue {
		of = sqsMessage
	}
	o := &object{of: external{name: of}, attributes: map[string]value{" ": m}, at: m.At}
	return o
}

// saw notes the event of one more call from the same place. Where they differ, Go takes the event as an argument.
func (m *Message) saw(other *Message) {
	if other.HasEvent {
		m.seen = appendNew(m.seen, other.Event)
	}
	if m.Event != other.Event || m.HasEvent != other.HasEvent {
		m.HasEvent, m.Event = false, ""
	}
	if m.Version != other.Version {
		m.Version = ""
	}
	if m.Raw != other.Raw {
		m.Notes = appendNew(m.Notes, "raw_event is another one in each call")
	}
	for _, a := range other.Attributes {
		for i, known := range m.Attributes {
			if known.Name == a.Name && known.Value != a.Value {
				m.Attributes[i].Value = ""
			}
		}
		if !slices.ContainsFunc(m.Attributes, func(known Attribute) bool { return known.Name == a.Name }) {
			m.Notes = appendNew(m.Notes, "the attribute "+quoted(a.Name)+" is in some calls only")
		}
	}
}

func appendNew(all []string, s string) []string {
	if contains(all, s) {
		return all
	}
	return append(all, s)
}

func messageOf(v value) *Message {
	o, ok := v.(*object)
	if !ok {
		return nil
	}
	m, _ := o.attributes[" "].(*Message)
	return m
}

// callMessage is the methods of a message.
func (r *reader) callMessage(e external, name string, a arguments, n *python.Node) value {
	m := messageOf(e.self)
	if m == nil {
		return r.unknown(n)
	}
	switch name {
	case "publish", "send":
		m.Sent = true
		return e.self
	case "add_event":
		raw, _ := a.get(-1, "raw")
		m.Raw, _ = truthOf(raw)
		r.setEvent(m, first(a, "value"))
	case "add_attribute", "add_string_attribute", "add_number_attribute", "add_list_attribute", "add_binary_attribute":
		value, _ := a.get(1, "attribute_value")
		key, ok := plain(first(a, "attribute_name"))
		if !ok {
			m.Notes = appendNew(m.Notes, "an attribute whose name is known only at run time: "+r.module().source(n))
			return nothing{}
		}
		m.setAttribute(attributeOf(key, value, r.argumentText(n, "attribute_value", 1)))
	}
	return nothing{}
}

func (m *Message) setAttribute(a Attribute) {
	for i, known := range m.Attributes {
		if known.Name == a.Name {
			m.Attributes[i] = a
			return
		}
	}
	m.Attributes = append(m.Attributes, a)
}

// setOnMessage is an assignment to a property of a message.
func (r *reader) setOnMessage(of value, name string, v value, n *python.Node) {
	m := messageOf(of)
	if m == nil {
		return
	}
	t, isText := plain(v)
	num, isNumber := v.(number)
	switch {
	case name == "subject" && isText:
		m.Subject = t
	case name == "message_structure" && isText:
		m.Structure = t
	case name == "delay_seconds" && isNumber && len(num) <= 3 && isInt(string(num)):
		m.Delay = string(num)
	case name == "message":
		m.Notes = appendNew(m.Notes, "its body is set at "+r.at(n).String())
	case contains([]string{"subject", "message_structure", "delay_seconds"}, name):
		m.Notes = appendNew(m.Notes, name+" is set to a value that is known only at run time ("+r.at(n).String()+")")
	}
}

// publishEvent is the decorator of views.
func (r *reader) publishEvent(e external, a arguments, n *python.Node, note string) value {
	p := &Publication{Message: Message{Client: r.clientOf(e.self)}}
	r.describe(&p.Message, a, n)
	p.At, p.Text, p.In, p.module = r.at(n), r.module().source(n), r.place(), r.module()
	if note != "" {
		p.Notes = append(p.Notes, note)
	}
	if known, ok := r.sites[n].(*Publication); ok {
		p = known
	} else {
		r.sites[n] = p
		r.found.Publications = append(r.found.Publications, p)
	}
	return decorator(func(_ *reader, inner value, _ *python.Node) value { return published{inner, p} })
}
