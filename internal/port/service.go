package port

import (
	"fmt"

	"github.com/seed08532102/iniesta/internal/port/python"
)

// Service is what was found in a Python service.
type Service struct {
	Handlers     []*Handler
	Routes       []*Route
	Publications []*Publication // of publish_event
	Messages     []*Message     // created in code
	Settings     []*Setting
	Clients      []*Client // beside the application's own
	InitApp      []Place
	Left         []Left
	Files        int
}

// Left is something that a person has to look at.
type Left struct {
	At   Place
	Text string
}

// Handler is a function or method that receives messages.
type Handler struct {
	Name  string // qualified, as in Python
	At    Place
	Lines []string // of Python
	Binds []*Bind
	Notes []string

	short  string
	class  *class
	def    *python.Node
	module *module
	fields []string // of the body that it reads
}

// Bind is an event of a handler.
type Bind struct {
	Event      string
	Default    bool
	Unresolved string // why the event is not known; Event is empty then
	At         Place
	Conditions []string
	Notes      []string
	First      *Bind // the earlier handler of the event, which Go keeps
}

// Publication is a publish_event.
type Publication struct {
	Message
	Used bool // by a route
}

// Route is a view of HTTP.
type Route struct {
	Methods     []string
	Path        string
	Unresolved  string // why the path is not known
	Name        string // qualified, of the view
	At          Place
	Lines       []string
	Publication *Publication
	Conditions  []string
	Notes       []string

	short     string
	blueprint *object
	def       *python.Node
	class     *class
	module    *module
}

// Message is a message that is created, and what is done with it.
type Message struct {
	Queue      bool // to the queue, and not to the topic
	Event      string
	HasEvent   bool
	Raw        bool
	Version    string // a number
	Attributes []Attribute
	Subject    string
	Structure  string
	Delay      string // seconds
	Body       string // in Python
	Text       string // of the call
	In         string // the function
	At         Place
	Sent       bool
	Client     *Client
	Notes      []string

	module *module
	node   *python.Node
	goName string
	seen   []string // events, of all calls that were followed
}

// Attribute of a message, in Go's notation. Without a value, Go takes it as an argument.
type Attribute struct{ Name, Value, Python string }

// Client is a client that the service makes itself.
type Client struct {
	Queue     bool
	Name      string // of its queue, or the ARN of its topic
	Known     bool   // whether Name is
	Why       string // it is not
	Own       bool   // whether it is for the application's own queue or topic
	At        Place
	Text      string
	Receiving bool
}

// Setting is a setting, as one place gives it.
type Setting struct {
	Name       string
	Value      string // for the environment
	Unresolved string // why it is not known
	Secret     bool
	At         Place
	Where      string // a class of settings
}

func (s *Service) leave(at Place, format string, args ...any) {
	l := Left{at, fmt.Sprintf(format, args...)}
	for _, known := range s.Left {
		if known == l {
			return
		}
	}
	s.Left = append(s.Left, l)
}
