package port

import (
	"maps"
	"slices"
	"strings"

	"github.com/seed08532102/iniesta/internal/port/python"
)

// signal is how a statement ends what it is in.
type signal int

const (
	goesOn signal = iota
	breaks
	continues
	ends   // returns
	raises // or leaves by an exception
)

// block follows statements until one ends it.
func (r *reader) block(statements []*python.Node, s *scope) signal {
	for _, n := range statements {
		if r.steps++; r.steps > r.limit {
			return ends
		}
		if end := r.statement(n, s); end != goesOn {
			return end
		}
	}
	return goesOn
}

func (r *reader) statement(n *python.Node, s *scope) signal {
	switch n.Kind {
	case "Expr":
		r.eval(n.Node("value"), s)
	case "Assign":
		v := r.eval(n.Node("value"), s)
		for _, target := range n.Nodes("targets") {
			r.assign(target, v, s)
		}
	case "AnnAssign":
		if n.Node("value") != nil {
			r.assign(n.Node("target"), r.eval(n.Node("value"), s), s)
		} else if s.isClass && n.Node("target").Is("Name") {
			s.vars[" "+n.Node("target").Text("id")] = nothing{} // a field of a dataclass without a default
		}
	case "AugAssign":
		r.augment(n, s)
	case "FunctionDef", "AsyncFunctionDef", "ClassDef", "Import", "ImportFrom", "Global", "Nonlocal":
		r.declaration(n, s)
	case "Return":
		r.frame().returned = append(r.frame().returned, r.evalOr(n.Node("value"), s, nothing{}))
		return ends
	case "Raise":
		r.evalOr(n.Node("exc"), s, nil)
		return raises
	case "Break":
		return breaks
	case "Continue":
		return continues
	case "If":
		return r.branch(n, s)
	case "For", "AsyncFor", "While":
		return r.loop(n, s)
	case "Try", "TryStar":
		return r.try(n, s)
	case "With", "AsyncWith":
		for _, item := range n.Nodes("items") {
			v := r.eval(item.Node("context_expr"), s)
			if target := item.Node("optional_vars"); target != nil {
				r.assign(target, entered(v), s)
			}
		}
		return r.block(n.Nodes("body"), s)
	case "Match":
		return r.match(n, s)
	case "Delete", "Pass":
	default:
		r.evalOr(n.Node("value"), s, nil)
	}
	return goesOn
}

func (r *reader) declaration(n *python.Node, s *scope) {
	switch n.Kind {
	case "ClassDef":
		r.defineClass(n, s)
	case "Import", "ImportFrom":
		r.imports(n, s)
	case "Global", "Nonlocal":
		if s.globals == nil {
			s.globals = map[string]bool{}
		}
		for _, name := range n.Texts("names") {
			s.globals[name] = true
		}
	default:
		r.define(n, s)
	}
}

// entered is what a context manager gives: clients give themselves, of others nothing is known.
func entered(v value) value {
	if o, ok := v.(*object); ok {
		return o
	}
	return unknown{"a context manager"}
}

func (r *reader) branch(n *python.Node, s *scope) signal {
	test := r.eval(n.Node("test"), s)
	switch known, ok := truthOf(test); {
	case ok && known:
		r.passOver(n, n.Nodes("orelse"), "true")
		return r.block(n.Nodes("body"), s)
	case ok:
		r.passOver(n, n.Nodes("body"), "false")
		return r.block(n.Nodes("orelse"), s)
	}
	text := r.module().source(n.Node("test"))
	return r.alternatives(s, text, []alternative{{text, n.Nodes("body")}, {"not (" + text + ")", n.Nodes("orelse")}})
}

// passOver names statements that are not followed, since their condition is known, where they use the library.
func (r *reader) passOver(n *python.Node, statements []*python.Node, is string) {
	if len(statements) == 0 || n.Node("test").Node("left").Text("id") == "__name__" {
		return
	}
	uses := false
	for _, statement := range statements {
		statement.Walk(func(n *python.Node) bool {
			uses = uses || contains([]string{"handler", "add_handler", "publish_event", "create_message"}, n.Text("attr"))
			return !uses
		})
	}
	if uses {
		r.found.leave(r.at(statements[0]), "nothing was written for this branch: %s is %s by what was read", r.module().source(n.Node("test")), is)
	}
}

// alternative is statements that may run.
type alternative struct {
	condition  string
	statements []*python.Node
}

// alternatives follows all of them, each under its condition. A name that they set differently is not known after.
// Where one ends the function, the rest of it is under the condition of the other.
func (r *reader) alternatives(s *scope, text string, all []alternative) signal {
	before := maps.Clone(s.vars)
	var after []map[string]value
	var ended []signal
	var rest []string
	for _, a := range all {
		s.vars = maps.Clone(before)
		end := r.under(a.condition, a.statements, s)
		ended = append(ended, end)
		if end == goesOn {
			after = append(after, s.vars)
			rest = append(rest, a.condition)
		}
	}
	s.vars = merge(before, after, text)
	if len(after) == 0 {
		return ended[0]
	}
	if len(rest) == 1 && rest[0] != "" && slices.ContainsFunc(ended, func(end signal) bool { return end != goesOn && end != raises }) {
		r.conditions = append(r.conditions, rest[0]) // until the end of what encloses it
	}
	return goesOn
}

// merge is the names after branches.
func merge(before map[string]value, branches []map[string]value, text string) map[string]value {
	if len(branches) == 0 {
		return before
	}
	out := maps.Clone(branches[0])
	for _, other := range branches[1:] {
		for name, v := range other {
			if known, ok := out[name]; !ok {
				out[name] = v
			} else if !same(known, v) {
				out[name] = unknown{"it depends on " + text}
			}
		}
	}
	return out
}

func (r *reader) loop(n *python.Node, s *scope) signal {
	if n.Is("While") {
		r.eval(n.Node("test"), s)
		return r.maybe(n, s, "while "+r.module().source(n.Node("test")))
	}
	over := r.eval(n.Node("iter"), s)
	items, ok := r.items(over)
	if !ok || len(items) > maxLoop {
		r.assign(n.Node("target"), r.oneOf(over, n.Node("iter")), s)
		return r.maybe(n, s, "for each of "+r.module().source(n.Node("iter")))
	}
	depth := len(r.conditions)
	for _, item := range items {
		r.assign(n.Node("target"), item, s)
		end := r.block(n.Nodes("body"), s)
		r.conditions = r.conditions[:depth] // a continue under a condition holds for one turn
		if end == ends || end == raises {
			return end
		}
		if end == breaks {
			return goesOn
		}
	}
	return r.block(n.Nodes("orelse"), s)
}

// maybe follows a loop whose turns are not known, once.
func (r *reader) maybe(n *python.Node, s *scope, condition string) signal {
	r.alternatives(s, condition, []alternative{{condition, n.Nodes("body")}, {"", nil}})
	return r.block(n.Nodes("orelse"), s)
}

// under follows statements under a condition.
func (r *reader) under(condition string, statements []*python.Node, s *scope) signal {
	depth := len(r.conditions)
	if condition != "" {
		r.conditions = append(r.conditions, condition)
	}
	end := r.block(statements, s)
	r.conditions = r.conditions[:depth]
	return end
}

func (r *reader) try(n *python.Node, s *scope) signal {
	end := r.block(n.Nodes("body"), s)
	for _, handler := range n.Nodes("handlers") {
		what := "except"
		if t := handler.Node("type"); t != nil {
			what += " " + r.module().source(t)
		}
		vars := maps.Clone(s.vars)
		r.under(what, handler.Nodes("body"), s)
		maps.Copy(s.vars, vars) // what the body sets stands, what only the handler sets too
	}
	if end == goesOn {
		end = r.block(n.Nodes("orelse"), s)
	}
	if final := r.block(n.Nodes("finalbody"), s); final != goesOn {
		return final
	}
	return end
}

func (r *reader) match(n *python.Node, s *scope) signal {
	subject := r.module().source(n.Node("subject"))
	r.eval(n.Node("subject"), s)
	all := []alternative{}
	for _, c := range n.Nodes("cases") {
		c.Walk(func(p *python.Node) bool {
			if p.Is("MatchAs", "MatchStar") && p.Text("name") != "" {
				s.vars[p.Text("name")] = unknown{"a match of " + subject}
			}
			return !strings.HasPrefix(p.Kind, "Function")
		})
		all = append(all, alternative{subject + " matches " + r.module().source(c.Node("pattern")), c.Nodes("body")})
	}
	return r.alternatives(s, subject, append(all, alternative{"", nil}))
}
