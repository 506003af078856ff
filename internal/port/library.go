package port

import (
	"strings"

	"github.com/seed08532102/iniesta/internal/port/python"
)

const (
	sqsClient  = "iniesta.sqs.SQSClient"
	snsClient  = "iniesta.sns.SNSClient"
	sqsMessage = "iniesta.sqs.SQSMessage"
	snsMessage = "iniesta.sns.SNSMessage"
)

// isLibraryMethod reports whether a decorator without a call is one of the library's.
func (r *reader) isLibraryMethod(e external) bool {
	return e.name == sqsClient+".handler" || e.name == "unknown.handler"
}

// isHandlers reports whether a value is the dict in which Python's client keeps handlers.
func isHandlers(v value) bool {
	e, ok := v.(external)
	return ok && e.name == sqsClient+".handlers"
}

// callLibrary follows calls of Python's iniesta.
func (r *reader) callLibrary(e external, a arguments, n *python.Node) (value, bool) {
	class, name := cutLast(e.name)
	switch {
	case e.name == sqsClient || e.name == snsClient:
		o := &object{of: external{name: e.name}, attributes: map[string]value{}, arguments: a, at: r.at(n), text: r.module().source(n)}
		r.noteClient(o, a, n)
		return o, true
	case e.name == sqsMessage || e.name == snsMessage:
		return r.newMessage(e.name == sqsMessage, a, n), true
	case class == sqsClient:
		return r.callQueueClient(e, name, a, n), true
	case class == snsClient:
		return r.callTopicClient(e, name, a, n), true
	case e.name == snsMessage+".create_message":
		return r.createMessage(e, a.without(0, "client"), n), true
	case class == snsMessage || class == sqsMessage:
		return r.callMessage(e, name, a, n), true
	case e.name == "client.__init__":
		if o, ok := e.self.(*object); ok {
			r.noteClient(o, a, n)
		}
		return nothing{}, true
	case class == "unknown":
		return r.callGuessed(e, name, a, n), true
	case strings.HasPrefix(e.name, "iniesta."):
		return r.callIniesta(e, a, n), true
	}
	return nil, false
}

func cutLast(name string) (before, last string) {
	i := strings.LastIndexByte(name, '.')
	return name[:max(i, 0)], name[i+1:]
}

func (a arguments) without(position int, name string) arguments {
	out := arguments{open: a.open, named: map[string]value{}}
	if _, named := a.named[name]; !named && position < len(a.positional) {
		out.positional = append(out.positional, a.positional[:position]...)
		out.positional = append(out.positional, a.positional[position+1:]...)
	} else {
		out.positional = a.positional
	}
	for _, k := range a.order {
		if k != name {
			out.add(k, a.named[k])
		}
	}
	return out
}

func (r *reader) callQueueClient(e external, name string, a arguments, n *python.Node) value {
	switch name {
	case "initialize":
		return r.initialized(e, sqsClient, a, n)
	case "handler":
		return r.callHandler(a, n, "")
	case "add_handler", "_add_handler":
		return r.addHandler(a, n, "")
	case "create_message":
		return r.newMessage(true, arguments{positional: []value{e.self, first(a, "message")}}, n)
	case "start_receiving_messages":
		r.receives(e.self)
		return nothing{}
	case "default_queue_name":
		return unknown{ownQueue}
	case "stop_receiving_messages", "confirm_subscription", "confirm_permission", "update":
		return nothing{}
	case "handle_message", "handle_success", "handle_error":
		r.found.leave(r.at(n), "%s: sqs.SQSClient.HandleMessage handles one message; settling is the client's own", r.module().source(n))
	}
	return r.unknown(n)
}

const ownQueue = "the name of the service's own queue"

func first(a arguments, name string) value {
	v, ok := a.get(0, name)
	if !ok {
		return unknown{name}
	}
	return v
}

// initialized is a client that initialize gives.
func (r *reader) initialized(e external, of string, a arguments, n *python.Node) value {
	o := &object{of: external{name: of}, attributes: map[string]value{}, arguments: a, at: r.at(n), text: r.module().source(n)}
	if c, ok := e.self.(*class); ok {
		o.of = c
	}
	r.noteClient(o, a, n)
	return o
}

// callHandler is @SQSClient.handler, with events, without, or with the function itself.
func (r *reader) callHandler(a arguments, n *python.Node, note string) value {
	event, given := a.get(0, "event")
	if given && functionOf(event) != nil {
		r.bind(event, nothing{}, false, n, note)
		return event
	}
	event, given = r.only(event, given, a, 1, n)
	held := r.held()
	return decorator(func(r *reader, inner value, n *python.Node) value {
		saved := r.conditions
		r.conditions = append(held, r.conditions[min(len(held), len(r.conditions)):]...)
		r.bind(inner, event, given, n, note)
		r.conditions = saved
		return inner
	})
}

// only is the event, unless the call has arguments that are not known or that Python does not take.
func (r *reader) only(event value, given bool, a arguments, most int, n *python.Node) (value, bool) {
	for _, name := range a.order {
		if name != "event" && name != "handler" {
			return unknown{"given as " + name + ", which Python refuses"}, true
		}
	}
	if len(a.positional) > most {
		return unknown{"one of more arguments than Python takes: " + r.module().source(n)}, true
	}
	if a.open && !given {
		return unknown{"an argument that is known only at run time: " + r.module().source(n)}, true
	}
	return event, given
}

func (r *reader) addHandler(a arguments, n *python.Node, note string) value {
	handler, ok := a.get(0, "handler")
	if !ok {
		handler = r.unknown(n)
	}
	event, given := a.get(1, "event")
	event, given = r.only(event, given, a, 2, n)
	r.bind(handler, event, given, n, note)
	return nothing{}
}

func (r *reader) callTopicClient(e external, name string, a arguments, n *python.Node) value {
	switch name {
	case "initialize":
		return r.initialized(e, snsClient, a, n)
	case "create_message":
		return r.createMessage(e, a, n)
	case "publish_event":
		return r.publishEvent(e, a, n, "")
	case "list_subscriptions_by_topic":
		r.found.leave(r.at(n), "%s: sns.SNSClient.Subscriptions(ctx) in Go", r.module().source(n))
	case "get_subscription_attributes":
		r.found.leave(r.at(n), "%s: sns.SNSClient.SubscriptionAttributes(ctx, arn) in Go", r.module().source(n))
	}
	return r.unknown(n)
}

// callIniesta is the rest of the library.
func (r *reader) callIniesta(e external, a arguments, n *python.Node) value {
	switch e.name {
	case "iniesta.Iniesta.init_app":
		r.found.InitApp = append(r.found.InitApp, r.at(n))
		return nothing{}
	case "iniesta.Iniesta.load_config", "iniesta.Iniesta.unload_config":
		return nothing{} // Go reads the environment whenever a client is initialized
	case "iniesta.Iniesta.filter_policies":
		r.found.leave(r.at(n), "%s: iniesta.FilterPolicies() in Go", r.module().source(n))
		return r.unknown(n)
	}
	if strings.HasPrefix(e.name, "iniesta.log.") {
		return nothing{}
	}
	r.found.leave(r.at(n), "%s is not understood: nothing was written for it", r.module().source(n))
	return r.unknown(n)
}

// callGuessed is a method with a name of the library, of a value that is not known. It counts where the arguments are
// the library's too, and the place says what was assumed.
func (r *reader) callGuessed(e external, name string, a arguments, n *python.Node) value {
	what := "what it is called on is not known here, and was taken for a client"
	switch name {
	case "handler":
		return r.callHandler(a, n, what)
	case "add_handler":
		if callable(first(a, "handler")) && !isExternal(first(a, "handler")) {
			return r.addHandler(a, n, what)
		}
	case "publish_event":
		if _, ok := a.get(-1, "event"); ok {
			return r.publishEvent(e, a, n, what)
		}
	case "create_message":
		if _, ok := a.get(-1, "event"); ok {
			return r.createMessage(e, a, n)
		}
		r.found.leave(r.at(n), "%s: what it is called on is not known here", r.module().source(n))
	}
	return r.unknown(n)
}

// callUnknown looks for clients and messages in the arguments of what is not known.
func (r *reader) callUnknown(u unknown, a arguments, n *python.Node) value {
	for _, arg := range a.positional {
		if o, ok := arg.(*object); ok && isMessage(o) {
			return o
		}
	}
	return r.unknown(n)
}

// setOnLibrary notes what a service replaces in the library.
func (r *reader) setOnLibrary(of value, name string, _ value, n *python.Node) {
	e, ok := of.(external)
	if ok && strings.HasPrefix(e.name, "iniesta.") {
		r.found.leave(r.at(n), "%s replaces %s of the library: %s", r.module().source(n), name, hookCure(name))
	}
}

// hooks notes what a class that extends a client overrides.
func (r *reader) hooks(c *class) {
	if !extends(c, sqsClient, snsClient) {
		return
	}
	for _, n := range c.def.Nodes("body") {
		name := n.Text("name")
		if n.Is("FunctionDef", "AsyncFunctionDef") && contains(overridable, name) {
			r.found.leave(r.at(n), "%s.%s overrides the library's: %s", c.name, name, hookCure(name))
		}
	}
}

var overridable = []string{
	"hook_post_receive_message_handler", "handle_message", "handle_error", "handle_success", "initialize", "handler",
	"add_handler", "confirm_subscription", "confirm_permission", "default_queue_name", "publish_event", "create_message", "filters",
}

func hookCure(name string) string {
	switch name {
	case "hook_post_receive_message_handler":
		return "sqs.WithPostReceiveHook in Go"
	case "handle_message", "handle_error":
		return "sqs.WithMiddleware in Go"
	case "default_queue_name":
		return "INIESTA_SQS_QUEUE_NAME or sqs.WithQueueName in Go"
	}
	return "port it by hand"
}
