package port

import (
	"strings"

	"github.com/seed08532102/iniesta/internal/port/python"
)

// isApp reports whether a value is an application of Insanic or Sanic.
func isApp(v value) bool {
	return isA(v, "insanic.Insanic", "insanic.app.Insanic", "sanic.Sanic", "sanic.app.Sanic")
}

func isBlueprint(v value) bool {
	return isA(v, "sanic.Blueprint", "sanic.blueprints.Blueprint", "insanic.Blueprint", "insanic.blueprints.Blueprint")
}

// callWeb follows the calls of Insanic and Sanic.
func (r *reader) callWeb(e external, a arguments, n *python.Node) (value, bool) {
	if e.name == "insanic.Insanic" || e.name == "insanic.app.Insanic" {
		if name, ok := a.get(0, "name"); ok { // Insanic sets the setting
			r.setting("SERVICE_NAME", name, n, "")
		}
		return nil, false
	}
	if strings.HasSuffix(e.name, ".Blueprint.group") {
		group := &object{of: external{name: e.name}, attributes: map[string]value{}, arguments: a, at: r.at(n)}
		for _, arg := range a.positional {
			r.nest(group, arguments{positional: []value{arg}})
		}
		return group, true
	}
	if !isApp(e.self) && !isBlueprint(e.self) {
		return nil, false
	}
	o := e.self.(*object)
	_, name := cutLast(e.name)
	switch name {
	case "get", "post", "put", "delete", "patch", "head", "options":
		return r.route(o, a, []string{strings.ToUpper(name)}, n), true
	case "route":
		return r.route(o, a, nil, n), true
	case "add_route":
		path, given := a.get(1, "uri")
		view, _ := a.get(0, "handler")
		r.addRoute(o, view, path, given, r.methods(a, nil), a, n)
		return nothing{}, true
	case "blueprint", "register_blueprint":
		r.nest(o, a)
		return nothing{}, true
	case "listener", "middleware", "on_request", "on_response", "register_listener", "register_middleware", "exception", "add_task", "websocket", "static", "before_server_start", "after_server_start", "before_server_stop", "after_server_stop":
		return r.lifecycle(name, a, n), true
	case "run":
		return nothing{}, true
	}
	return nil, false
}

// lifecycle notes what main or middleware has to do in Go.
func (r *reader) lifecycle(name string, a arguments, n *python.Node) value {
	f := functionOf(first(a, "listener"))
	what := "its own work belongs in main.go, around app.Start and app.Stop"
	if strings.Contains(name, "middleware") || strings.HasPrefix(name, "on_") || name == "exception" {
		what = "it is middleware of net/http in Go"
	}
	r.found.leave(r.at(n), "%s: %s", r.module().source(n), what)
	if f != nil && contains([]string{"listener", "middleware", "before_server_start", "after_server_start", "before_server_stop", "after_server_stop", "on_request", "on_response"}, name) {
		return first(a, "listener")
	}
	return decorator(func(_ *reader, inner value, _ *python.Node) value { return inner })
}

// nest notes the prefixes of a blueprint that is added to an application or group.
func (r *reader) nest(o *object, a arguments) {
	if list, ok := r.items(first(a, "blueprint")); ok {
		for _, item := range list {
			r.nest(o, arguments{positional: []value{item}, named: a.named})
		}
		return
	}
	bp, ok := first(a, "blueprint").(*object)
	if !ok {
		return
	}
	bp.attributes[" in"] = o
	if prefix, ok := a.get(-1, "url_prefix"); ok {
		bp.attributes[" prefix"] = prefix
	}
}

func (r *reader) methods(a arguments, fixed []string) []string {
	if fixed != nil {
		return fixed
	}
	given, ok := a.get(-1, "methods")
	if !ok {
		return nil
	}
	items, known := r.items(given)
	if !known {
		return nil
	}
	var out []string
	for _, item := range items {
		if m, ok := plain(item); ok {
			out = append(out, strings.ToUpper(m))
		}
	}
	return out
}

func (r *reader) route(o *object, a arguments, fixed []string, n *python.Node) value {
	path, given := a.get(0, "uri")
	methods := r.methods(a, fixed)
	return decorator(func(r *reader, inner value, _ *python.Node) value {
		r.addRoute(o, inner, path, given, methods, a, n)
		return inner
	})
}

// attach notes the route of a view class that names it in its definition.
func (r *reader) attach(c *class, keywords arguments, n *python.Node) {
	o, ok := keywords.named["attach"].(*object)
	if ok && (isApp(o) || isBlueprint(o)) {
		uri, given := keywords.get(-1, "uri")
		r.addRoute(o, c, uri, given, nil, keywords, n)
	}
}

// addRoute notes a view function, or each method of a view class.
func (r *reader) addRoute(o *object, view, path value, given bool, methods []string, a arguments, n *python.Node) {
	c, isClass := view.(*class)
	if v, ok := view.(external); ok && v.name == "view" {
		c, isClass = v.self.(*class)
	}
	if isClass {
		for _, name := range []string{"get", "post", "put", "patch", "delete", "head", "options"} {
			if v, _, ok := c.lookup(name); ok {
				r.noteRoute(o, v, c, path, given, []string{strings.ToUpper(name)}, n)
			}
		}
		return
	}
	if functionOf(view) == nil {
		r.found.leave(r.at(n), "%s: the view is known only at run time", r.module().source(n))
		return
	}
	if methods == nil {
		methods = []string{"GET"}
	}
	r.noteRoute(o, view, nil, path, given, methods, n)
}

func (r *reader) noteRoute(o *object, view value, c *class, path value, given bool, methods []string, n *python.Node) {
	f := functionOf(view)
	if f == nil {
		return
	}
	route := &Route{
		Methods: methods, Name: f.qualified(), At: f.module.at(f.def), Lines: f.module.block(f.def), Conditions: r.held(),
		short: f.name, def: f.def, class: c, module: f.module, blueprint: o,
	}
	if c != nil {
		route.Name = c.name + "." + f.name
	}
	p, ok := plain(path)
	route.Path = p
	if !ok || !given {
		route.Unresolved = why(path)
	}
	for v := view; v != nil; {
		switch w := v.(type) {
		case published:
			if route.Publication != nil {
				route.Notes = append(route.Notes, "Python publishes a second event: "+w.publication.Text)
			} else {
				route.Publication = w.publication
			}
			w.publication.Used = true
			v = w.inner
		case wrapped:
			route.Notes = append(route.Notes, w.by+" wraps the view in Python: port it as middleware of net/http")
			v = w.inner
		default:
			v = nil
		}
	}
	for _, known := range r.found.Routes {
		if known.def == route.def && known.Path == route.Path && strings.Join(known.Methods, " ") == strings.Join(methods, " ") && known.class == c {
			return
		}
	}
	r.found.Routes = append(r.found.Routes, route)
}

// fullPath is the path with the prefixes of its blueprints.
func (route *Route) fullPath() (string, string) {
	path, problem := route.Path, route.Unresolved
	o := route.blueprint
	for depth := 0; o != nil && depth < 10; depth++ {
		prefix, ok := o.attributes[" prefix"]
		if !ok {
			prefix, ok = o.arguments.get(-1, "url_prefix")
		}
		if ok {
			if p, known := plain(prefix); known {
				path = strings.TrimSuffix(p, "/") + path
			} else if _, none := prefix.(nothing); !none {
				problem = "the url_prefix is " + why(prefix)
			}
		}
		if _, ok := o.arguments.get(-1, "version"); ok && !isApp(o) {
			problem = "the blueprint has a version, which is a part of the path"
		}
		o, _ = o.attributes[" in"].(*object)
	}
	return path, problem
}
