package port

import (
	"fmt"
	"slices"
	"strings"

	"github.com/joho/godotenv"
)

// goMod is the go.mod of the module.
func (o Options) goMod() string {
	out := "module " + o.Module + "\n\ngo 1.26.0\n"
	switch {
	case o.Replace != "":
		out += "\nrequire " + libraryPath + " v0.0.0\n\nreplace " + libraryPath + " => " + modPath(o.Replace) + "\n"
	case o.Version != "":
		out += "\nrequire " + libraryPath + " " + o.Version + "\n"
	}
	return out
}

// modPath quotes a path where go.mod needs that.
func modPath(path string) string {
	if strings.ContainsAny(path, " \t\"'`()[]{},;\\") || strings.Contains(path, "//") {
		return fmt.Sprintf("%q", path)
	}
	return path
}

// environment writes service.env: settings whose places agree, and the others as comments.
func (w *output) environment() {
	byName := map[string][]*Setting{}
	var order []string
	for _, s := range w.service.Settings {
		if byName[s.Name] == nil {
			order = append(order, s.Name)
		}
		byName[s.Name] = append(byName[s.Name], s)
	}
	slices.Sort(order)
	out := comment("The settings of the service, for the environment: iniesta doctor --env-file service.env checks them.")
	out = strings.ReplaceAll(out, "// ", "# ")
	for _, name := range order {
		out += w.environmentOf(name, byName[name])
	}
	if len(byName["INIESTA_INITIALIZATION_TYPE"]) == 0 {
		w.leave(Place{File: "service.env"}, "INIESTA_INITIALIZATION_TYPE was not found in the files that were read")
	}
	w.written["service.env"] = out
}

// assignment is quoted where it has to be: Docker takes quotes for a part of the value.
func assignment(name, value string) (string, error) {
	safe := func(r rune) bool {
		return r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' || strings.ContainsRune("_-./:,*@+%{}=", r)
	}
	if strings.IndexFunc(value, func(r rune) bool { return !safe(r) }) < 0 {
		return name + "=" + value, nil
	}
	return godotenv.Marshal(map[string]string{name: value})
}

func (w *output) environmentOf(name string, all []*Setting) string {
	out := ""
	line, err := assignment(name, all[0].Value)
	agreed := true
	for _, s := range all {
		agreed = agreed && s.Unresolved == "" && !s.Secret && s.Value == all[0].Value
	}
	problem := ""
	if agreed && w.options.Check != nil && all[0].Value != "" {
		if err := w.options.Check(map[string]string{name: all[0].Value}); err != nil {
			problem = oneLine(err.Error())
		}
	}
	if agreed && err == nil && problem == "" {
		return line + "\n"
	}
	for _, s := range all {
		what := s.Value
		switch {
		case s.Secret:
			what = "a secret, which was not copied"
		case s.Unresolved != "":
			what = s.Unresolved
		case problem != "":
			what = problem
		}
		where := s.At.String()
		if s.Where != "" {
			where = "class " + s.Where + ", " + where
		}
		out += "# PORT: " + name + " is " + printable(oneLine(what)) + " (" + where + ")\n"
		w.leave(s.At, "%s is %s", name, what)
	}
	return out + "# " + name + "=\n"
}
