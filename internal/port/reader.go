package port

import (
	"slices"

	"github.com/seed08532102/iniesta/internal/port/python"
)

// Bounds of following a service: what goes on longer is left to a person.
const (
	maxSteps = 20_000_000
	maxPart  = 500_000 // of a statement of a module, or a function that nothing calls
	maxDepth = 40
	maxLoop  = 2000
)

// reader follows a service: it evaluates its modules as far as that is possible without running them, and notes what
// they register, publish and set.
type reader struct {
	modules *modules
	all     []*module
	found   *Service

	conditions   []string // that hold where the reader is
	frames       []*frame
	steps, limit int
	functions    []*function // every one that was made
	called       map[*python.Node]bool
	classes      map[*python.Node]*class
	defining     *class     // by a metaclass
	wrapping     []wrapping // decorators of the service that are being applied

	known     // what the pass before found out
	next      known
	sites     map[*python.Node]any // what was noted for a place already
	receiving map[Place]bool       // clients
}

// known is what a second pass needs, since Python reads modules in an order that only running it shows.
type known struct {
	settings   map[string][]value // given by assignment or call
	configured []value            // modules and classes of settings
	attributes map[string][]value // clients that were stored in attributes of objects that are not known
}

func newKnown() known {
	return known{settings: map[string][]value{}, attributes: map[string][]value{}}
}

// frame is a call that is being followed.
type frame struct {
	function *function
	module   *module
	scope    *scope
	returned []value
	self     value  // of a method
	call     string // in Python
}

// wrapping is a decorator of the service that is applied to a function.
type wrapping struct {
	inner value
	by    string
}

// follow reads a service twice.
func follow(all []*module, dir string) *Service {
	k := newKnown()
	var r *reader
	for range 2 {
		r = &reader{
			modules: newModules(all, dir), all: all, found: &Service{Files: len(all)}, known: k, next: newKnown(),
			called: map[*python.Node]bool{}, classes: map[*python.Node]*class{}, sites: map[*python.Node]any{}, receiving: map[Place]bool{},
		}
		r.run()
		k = r.next
	}
	r.finish()
	return r.found
}

func (r *reader) run() {
	for _, m := range r.all {
		m.state, m.scope = notRun, nil
	}
	for _, m := range r.all {
		r.load(m)
	}
	r.visitAll()
	if r.steps > maxSteps {
		r.found.leave(Place{File: "."}, "the service is too large to be followed to its end: port it in parts, with --exclude")
	}
}

// visitAll visits the functions that no call has reached, those first that nothing calls by name: what they call is
// reached with the arguments that it gets.
func (r *reader) visitAll() {
	mentioned := r.mentioned()
	var later []*function
	for i := 0; i < len(r.functions) || len(later) > 0; { // visits make more functions
		if i == len(r.functions) {
			next := later[0]
			later = later[1:]
			r.visit(next)
			continue
		}
		if f := r.functions[i]; mentioned[f.name] {
			later = append(later, f)
		} else {
			r.visit(f)
		}
		i++
	}
}

// mentioned are the names that are called anywhere.
func (r *reader) mentioned() map[string]bool {
	names := map[string]bool{}
	for _, m := range r.all {
		m.tree.Walk(func(n *python.Node) bool {
			if called := n.Node("func"); n.Is("Call") {
				names[called.Text("id")], names[called.Text("attr")] = true, true
			}
			return true
		})
	}
	return names
}

// load evaluates a module, once.
func (r *reader) load(m *module) {
	if m.state != notRun {
		return
	}
	m.state, m.scope = running, newScope(nil, m)
	conditions, frames, wraps := r.conditions, r.frames, r.wrapping
	r.conditions, r.wrapping = nil, nil
	r.frames = append(frames, &frame{module: m, scope: m.scope})
	for _, n := range m.tree.Nodes("body") {
		r.topLevel(n, m)
	}
	r.conditions, r.frames, r.wrapping = conditions, frames, wraps
	m.state = run
}

// topLevel follows one statement of a module.
func (r *reader) topLevel(n *python.Node, m *module) {
	depth := len(r.frames)
	defer func() { r.frames = r.frames[:depth] }()
	defer r.survive(m.at(n))
	defer r.within(m.at(n))()
	r.block([]*python.Node{n}, m.scope)
}

// within gives a part of the service steps of its own, and names it where they do not do.
func (r *reader) within(at Place) (end func()) {
	left := r.limit - r.steps // of the statement that imports this one
	r.limit = min(r.steps+maxPart, maxSteps)
	return func() {
		if r.steps > r.limit {
			r.found.leave(at, "it takes too long to be followed: what it registers or publishes after %d steps is not known", maxPart)
		}
		r.limit = r.steps + left
	}
}

// survive names what this command could not follow by a fault of its own, so that the rest of the service is ported.
func (r *reader) survive(at Place) {
	if p := recover(); p != nil {
		r.found.leave(at, "it was not followed to its end, by a fault of this command: %v", p)
	}
}

// visit follows a function that nothing called, with arguments that are not known: what it registers, publishes and
// creates is found that way, as frameworks call it.
func (r *reader) visit(f *function) {
	if r.called[f.def] {
		return
	}
	r.conditions, r.wrapping = nil, nil
	r.frames = []*frame{{module: f.module, scope: f.scope}}
	defer r.survive(f.module.at(f.def))
	defer r.within(f.module.at(f.def))()
	var self value
	if f.owner != nil && f.kind != "staticmethod" {
		self = r.instanceOf(f.owner)
		if f.kind == "classmethod" {
			self = f.owner
		}
	}
	r.invoke(f, self, arguments{open: true}, f.def)
}

// instanceOf is an instance of a class that is made in a way which is not known.
func (r *reader) instanceOf(c *class) value {
	if c.made == nil {
		c.made = &object{of: c, attributes: map[string]value{}, at: c.module.at(c.def)}
		if init, k, ok := c.lookup("__init__"); ok {
			if f, ok := init.(*function); ok && k != nil {
				r.invoke(f, c.made, arguments{open: true}, f.def)
			}
		}
	}
	return c.made
}

func (r *reader) frame() *frame { return r.frames[len(r.frames)-1] }

func (r *reader) module() *module { return r.frame().module }

func (r *reader) at(n *python.Node) Place { return r.module().at(n) }

func (r *reader) unknown(n *python.Node) unknown { return unknown{r.module().source(n)} }

// place names the function that the reader is in.
func (r *reader) place() string {
	for _, f := range slices.Backward(r.frames) {
		if f.function != nil {
			return f.function.qualified()
		}
		break
	}
	return ""
}

// held is the conditions that hold.
func (r *reader) held() []string { return slices.Clone(r.conditions) }

// qualified is the name with that of the class.
func (f *function) qualified() string {
	if f.owner != nil {
		return f.owner.name + "." + f.name
	}
	return f.name
}
