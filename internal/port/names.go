package port

import (
	"errors"
	"go/token"
	"go/types"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"
)

// names gives every declaration of the Go package a name of its own.
type names struct{ taken map[string]bool }

func newNames() *names {
	n := &names{taken: map[string]bool{}}
	for _, name := range types.Universe.Names() {
		n.taken[name] = true
	}
	for _, name := range strings.Fields(`main init run register routes serve received _ TestTheHandlersAreThoseOfThePythonService
		TestTheRoutesDoNotConflict context errors http httptest iniesta log signal sns sqs syscall testing time slices
		app body ctx end ended err event got h health m mux o r server stop stopped t w want`) {
		n.taken[name] = true
	}
	return n
}

// free is the first name that is not taken: the wanted one, with more in front of it where there is more, numbered.
func (n *names) free(wanted string, more ...string) string {
	candidates := []string{wanted}
	for _, m := range more {
		if m = pascal(m); m != "" {
			candidates = append(candidates, recase(wanted, m+pascal(wanted)))
		}
	}
	for i := 2; ; i++ {
		for _, c := range candidates {
			if !n.taken[c] && !token.IsKeyword(c) {
				n.taken[c] = true
				return c
			}
		}
		candidates = []string{candidates[len(candidates)-1] + strconv.Itoa(i)}
		if i > 2 {
			candidates[0] = wanted + strconv.Itoa(i)
		}
	}
}

// recase begins a name as another one does.
func recase(like, name string) string {
	if r, _ := utf8.DecodeRuneInString(like); unicode.IsUpper(r) {
		return name
	}
	return lowerFirst(name)
}

// pascal is a name in Go: words of letters and digits, each with a capital.
func pascal(python string) string {
	var out strings.Builder
	start := true
	for _, r := range python {
		if !unicode.IsLetter(r) && !unicode.IsDigit(r) {
			start = true
			continue
		}
		if start {
			r = unicode.ToUpper(r)
		}
		out.WriteRune(r)
		start = false
	}
	name := out.String()
	if r, _ := utf8.DecodeRuneInString(name); name != "" && !unicode.IsUpper(r) {
		return "X" + name // a digit, or a letter that has no capital
	}
	return name
}

// camel is pascal with a small first letter, for what is not exported.
func camel(python, otherwise string) string {
	name := pascal(python)
	if name == "" {
		return otherwise
	}
	return lowerFirst(name)
}

func lowerFirst(name string) string {
	r, size := utf8.DecodeRuneInString(name)
	if _, next := utf8.DecodeRuneInString(name[size:]); next > 0 && strings.ToUpper(name) == name {
		return strings.ToLower(name)
	}
	return string(unicode.ToLower(r)) + name[size:]
}

// fileName is the name of a Go file for a Python module, without its ending. Go leaves out files that begin with "_",
// and reads endings such as _linux and _test: those get one more word.
func (n *names) fileName(module string) string {
	words := strings.FieldsFunc(strings.ToLower(module), func(r rune) bool { return !(r >= 'a' && r <= 'z' || r >= '0' && r <= '9') })
	if len(words) == 0 {
		words = []string{"service"}
	}
	if last := words[len(words)-1]; reservedEnding[last] || last == "test" {
		words = append(words, "py")
	}
	name := strings.Join(words, "_")
	if len(name) > 100 {
		name = name[:100]
	}
	for i := 2; n.taken[name+".go"]; i++ {
		name = strings.Join(words, "_") + strconv.Itoa(i)
	}
	n.taken[name+".go"] = true
	return name
}

var reservedEnding = map[string]bool{}

func init() {
	for _, name := range strings.Fields(`aix android darwin dragonfly freebsd hurd illumos ios js linux nacl netbsd openbsd
		plan9 solaris wasip1 windows zos unix 386 amd64 amd64p32 arm armbe arm64 arm64be loong64 mips mipsle mips64
		mips64le mips64p32 mips64p32le ppc ppc64 ppc64le riscv riscv64 s390 s390x sparc sparc64 wasm`) {
		reservedEnding[name] = true
	}
}

// ModuleName is the last part of a module's path for a directory.
func ModuleName(dir string) string {
	name := strings.Map(func(r rune) rune {
		if r >= 'a' && r <= 'z' || r >= '0' && r <= '9' || r == '-' || r == '_' {
			return r
		}
		return '-'
	}, strings.ToLower(dir))
	if name = strings.Trim(name, "-_"); name == "" {
		return "service"
	}
	return name
}

// CheckModule refuses what the go command does not take for the path of a module.
func CheckModule(path string) error {
	for _, part := range strings.Split(path, "/") {
		strange := strings.IndexFunc(part, func(r rune) bool {
			return !(r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' || strings.ContainsRune("-._~", r))
		})
		if part == "" || strange >= 0 || strings.HasPrefix(part, ".") || strings.HasSuffix(part, ".") || strings.HasPrefix(part, "-") {
			return errors.New("a module's path is letters, digits and -._~ between slashes, as in github.com/acme/points")
		}
	}
	return nil
}
