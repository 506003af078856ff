package port

import (
	"fmt"
	"slices"
	"strings"

	"github.com/seed08532102/iniesta/internal/port/python"
)

// settingsObject stands for Insanic's settings, which app.config is too.
var settingsObject = external{name: "insanic.conf.settings"}

func isSettings(v value) bool {
	e, ok := v.(external)
	return ok && e.name == settingsObject.name
}

func isEnviron(v value) bool {
	e, ok := v.(external)
	return ok && e.name == "os.environ"
}

// isSetting reports whether a name is a setting of the library, or one of Insanic's that it reads.
func isSetting(name string) bool {
	name = strings.TrimPrefix(strings.TrimPrefix(name, "INSANIC_INIESTA_"), "INIESTA_")
	return knownSetting[name]
}

var knownSetting = map[string]bool{}

func init() {
	for _, name := range strings.Fields(`INITIALIZATION_TYPE SNS_PRODUCER_GLOBAL_TOPIC_ARN SQS_CONSUMER_FILTERS
		ASSERT_FILTER_POLICIES SNS_EVENT_KEY SQS_QUEUE_NAME SQS_QUEUE_NAME_TEMPLATE
		SQS_RECEIVE_MESSAGE_MAX_NUMBER_OF_MESSAGES SQS_RECEIVE_MESSAGE_WAIT_TIME_SECONDS CACHES LOCK_RETRY_COUNT
		LOCK_TIMEOUT SQS_ENDPOINT_URL SNS_ENDPOINT_URL AWS_ACCESS_KEY_ID AWS_SECRET_ACCESS_KEY AWS_DEFAULT_REGION DRY_RUN
		SERVICE_NAME ENVIRONMENT INSANIC_CACHES`) {
		knownSetting[name] = true
	}
}

// settingName is the name in Go's environment.
func settingName(name string) string {
	name = strings.TrimPrefix(strings.TrimPrefix(name, "INSANIC_INIESTA_"), "INIESTA_")
	switch name {
	case "SERVICE_NAME", "ENVIRONMENT":
		return name
	case "INSANIC_CACHES":
		return "INIESTA_CACHES"
	}
	return "INIESTA_" + name
}

// setting notes one place that gives a setting.
func (r *reader) setting(name string, v value, n *python.Node, where string) {
	if strings.ToUpper(name) == name {
		r.next.settings[name] = append(r.next.settings[name], v)
	}
	if !isSetting(name) {
		return
	}
	s := &Setting{Name: settingName(name), At: r.at(n), Where: where}
	if name == "INSANIC_CACHES" {
		v = lockNodes(v)
	}
	if m, ok := v.(*mapping); ok && name == "INSANIC_CACHES" && len(m.keys) == 0 && !m.open {
		return
	}
	if _, none := v.(nothing); none {
		return // the default
	}
	s.Value, s.Unresolved = rendered(s.Name, v)
	s.Secret = isSecret(s.Name, s.Value)
	if s.Unresolved == hasPassword {
		s.Secret = true
	}
	if len(r.conditions) > 0 && s.Unresolved == "" && !s.Secret {
		s.Unresolved = s.Value + " where " + strings.Join(r.conditions, " and ")
		s.Value = ""
	}
	for _, known := range r.found.Settings {
		if *known == *s {
			return
		}
	}
	r.found.Settings = append(r.found.Settings, s)
}

// isSecret reports whether a value is not copied: credentials, and URLs with a password.
func isSecret(name, value string) bool {
	return strings.HasSuffix(name, "ACCESS_KEY") || strings.HasSuffix(name, "ACCESS_KEY_ID") ||
		strings.Contains(value, "://") && strings.Contains(value, "@")
}

// lockNodes are the caches whose name begins with iniesta, which Python's lock uses.
func lockNodes(v value) value {
	all, ok := v.(*mapping)
	if !ok {
		return v
	}
	nodes := &mapping{open: all.open}
	for i, key := range all.keys {
		if name, ok := plain(key); !ok || strings.HasPrefix(name, "iniesta") {
			nodes.put(key, all.values[i])
		}
	}
	return nodes
}

const hasPassword = "it has a password, which was not copied"

// rendered is the value in the environment.
func rendered(name string, v value) (out, unresolved string) {
	switch v := v.(type) {
	case text:
		return string(v), ""
	case member:
		if s, ok := plain(v); ok {
			return s, ""
		}
	case number:
		return strings.ReplaceAll(string(v), "_", ""), ""
	case truth:
		return map[bool]string{true: "true", false: "false"}[bool(v)], ""
	case *sequence:
		return renderedList(v)
	case *mapping:
		if name == "INIESTA_CACHES" {
			return renderedNodes(v)
		}
	case unknown:
		return "", v.why
	}
	return "", "a value that is known only at run time"
}

func renderedList(v *sequence) (out, unresolved string) {
	var items []string
	for _, item := range v.items {
		s, ok := plain(item)
		if m, isMember := item.(member); isMember {
			s, ok = m.name, true // InitializationTypes
		}
		if e, isExternal := item.(external); isExternal && strings.HasPrefix(e.name, "iniesta.choices.InitializationTypes.") {
			_, s = cutLast(strings.TrimSuffix(e.name, ".name"))
			ok = true
		}
		if !ok {
			return "", "a list with items that are known only at run time: " + why(item)
		}
		items = append(items, s)
	}
	if v.open {
		return "", "a list that is known only at run time"
	}
	return strings.Join(items, ","), ""
}

func renderedNodes(v *mapping) (out, unresolved string) {
	var urls []string
	for i := range v.keys {
		node, ok := v.values[i].(*mapping)
		if !ok {
			return "", "lock nodes that are known only at run time"
		}
		part := map[string]string{}
		for j, key := range node.keys {
			k, _ := plain(key)
			shown, ok := formatted(node.values[j])
			if !ok {
				return "", "lock nodes that are known only at run time: " + k + " is " + why(node.values[j])
			}
			part[k] = shown
		}
		if p := part["PASSWORD"]; p != "" && p != "None" {
			return "", hasPassword
		}
		if part["HOST"] == "" || part["PORT"] == "" {
			return "", "lock nodes without HOST or PORT"
		}
		database := part["DATABASE"]
		if database == "" {
			database = "0"
		}
		urls = append(urls, fmt.Sprintf("redis://%s:%s/%s", part["HOST"], part["PORT"], database))
	}
	if v.open || len(urls) == 0 {
		return "", "lock nodes that are known only at run time"
	}
	return strings.Join(urls, ","), ""
}

// settingValue is what a setting is, where all that gives it agrees.
func (r *reader) settingValue(name string, n *python.Node) value {
	candidates := slices.Clone(r.known.settings[name])
	places := r.configured
	if len(places) == 0 {
		for _, m := range r.all {
			if _, base := cutLast(m.name); base == "config" || base == "settings" {
				places = append(places, m)
			}
		}
	}
	for _, p := range places {
		switch p := p.(type) {
		case *module:
			if p.scope != nil && p.scope.vars[name] != nil {
				candidates = append(candidates, p.scope.vars[name])
			}
		case *class:
			if v, _, ok := p.lookup(name); ok {
				candidates = append(candidates, v)
			}
		}
	}
	if len(candidates) == 0 {
		return unknown{"the setting " + name}
	}
	for _, c := range candidates[1:] {
		if !same(c, candidates[0]) {
			return unknown{"the setting " + name}
		}
	}
	if isUnknown(candidates[0]) {
		return unknown{"the setting " + name}
	}
	return candidates[0]
}

// callSettings is the methods of Insanic's settings and of os.environ.
func (r *reader) callSettings(e external, a arguments, n *python.Node) (value, bool) {
	_, method := cutLast(e.name)
	environ := strings.HasPrefix(e.name, "os.environ.")
	if !environ && !strings.HasPrefix(e.name, settingsObject.name+".") {
		return nil, false
	}
	key, _ := a.get(0, "")
	name, hasName := plain(key)
	switch method {
	case "get":
		if environ || !hasName {
			return nil, false
		}
		return r.settingValue(name, n), true
	case "setdefault", "__setattr__":
		if v, ok := a.get(1, "default"); ok && hasName {
			r.setting(name, v, n, "")
		}
	case "configure", "from_object", "update", "update_config", "load":
		r.configure(a, n)
	}
	return nothing{}, true
}

func (r *reader) configure(a arguments, n *python.Node) {
	for _, arg := range a.positional {
		switch from := arg.(type) {
		case *module, *class:
			r.next.configured = append(r.next.configured, from)
		case *object:
			r.next.configured = append(r.next.configured, from.of)
		case *mapping:
			for i, key := range from.keys {
				if name, ok := plain(key); ok {
					r.setting(name, from.values[i], n, "")
				}
			}
		case text:
			if m := r.modules.find(string(from)); m != nil {
				r.next.configured = append(r.next.configured, value(m))
			}
		}
	}
	for _, name := range a.order {
		r.setting(name, a.named[name], n, "")
	}
}
