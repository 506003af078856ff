package port

import (
	"fmt"
	"slices"
	"strings"
)

// mainFiles writes main.go and its test.
func (w *output) mainFiles() error {
	var body strings.Builder
	uses := map[string]bool{"context": true, "log": true, "os/signal": true, "syscall": true, libraryPath + "/iniesta": true}
	body.WriteString(comment("This is the Python service "+w.options.name()+" in Go, as iniesta port wrote it: its events, routes,",
		"messages and settings. PORT marks what a person has to look at."))
	body.WriteString("package main\n\n")
	structs := w.registered()
	fmt.Fprintf(&body, `func main() {
		ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGINT, syscall.SIGTERM)
		defer stop()
		if err := run(ctx); err != nil {
			log.Fatal(err)
		}
	}

	`)
	w.run(&body, uses, len(structs) > 0)
	if len(structs) > 0 {
		uses["errors"], uses[libraryPath+"/sqs"] = true, true
		body.WriteString("// register binds the methods of the structs.\nfunc register() error {\nreturn errors.Join(\n")
		for _, s := range structs {
			fmt.Fprintf(&body, "sqs.RegisterMethods(new(%s)),\n", s.name)
		}
		body.WriteString(")\n}\n\n")
	}
	if w.serves() {
		w.serve(&body, uses)
	}
	if err := w.source("main.go", uses, body.String()); err != nil {
		return err
	}
	return w.mainTest(len(structs) > 0)
}

// registered are the structs with events.
func (w *output) registered() []*structType {
	var out []*structType
	for _, t := range w.types {
		if len(t.entries) > 0 {
			out = append(out, t)
		}
	}
	slices.SortFunc(out, func(a, b *structType) int { return strings.Compare(a.name, b.name) })
	return out
}

func (w *output) serves() bool { return len(w.routeLines) > 0 }

// run writes what the process does, from start to stop.
func (w *output) run(body *strings.Builder, uses map[string]bool, registers bool) {
	clients := w.customClients()
	body.WriteString("// run starts the service, and stops it when ctx ends.\n")
	w.initNotes(body)
	body.WriteString("func run(ctx context.Context) error {\n")
	if registers {
		body.WriteString("if err := register(); err != nil {\nreturn err\n}\n")
	}
	if !w.serves() && len(clients) == 0 {
		body.WriteString("return iniesta.Run(ctx)\n}\n\n")
		return
	}
	starts := len(w.service.InitApp) > 0 || w.serves()
	if starts {
		body.WriteString("app, err := iniesta.InitApp(ctx)\nif err != nil {\nreturn err\n}\n")
	} else {
		delete(uses, libraryPath+"/iniesta")
	}
	for i, c := range clients {
		name := fmt.Sprintf("queue%d", i+1)
		uses[libraryPath+"/sqs"] = true
		body.WriteString(strings.TrimPrefix(comment(c.Text+" of "+c.At.String()), ""))
		fmt.Fprintf(body, "%s := sqs.New(sqs.WithQueueName(%s))\n", name, quoted(c.Name))
		fmt.Fprintf(body, "if err := %s.Initialize(ctx); err != nil {\nreturn err\n}\n", name)
	}
	uses["errors"] = true
	var stops []string
	if starts {
		body.WriteString("if err := app.Start(ctx); err != nil {\nreturn err\n}\n")
		stops = []string{"app.Stop(end)"}
	}
	for i := range clients {
		fmt.Fprintf(body, "if err := queue%d.StartReceivingMessages(ctx); err != nil {\nreturn err\n}\n", i+1)
		stops = append(stops, fmt.Sprintf("queue%d.Close(end)", i+1))
	}
	wait := "<-ctx.Done()\n"
	if w.serves() {
		wait = "err = serve(ctx, app)\n"
		stops = append([]string{"err"}, stops...)
	}
	body.WriteString(wait + "end := context.WithoutCancel(ctx) // INIESTA_SHUTDOWN_TIMEOUT bounds it\nreturn errors.Join(" + strings.Join(stops, ", ") + ")\n}\n\n")
}

// initNotes says of the start what Python leaves to run time.
func (w *output) initNotes(body *strings.Builder) {
	say := func(at Place, format string, args ...any) {
		body.WriteString(note(format, args...))
		w.leave(at, format, args...)
	}
	if len(w.service.InitApp) == 0 {
		say(Place{File: "."}, "no Iniesta.init_app was found: main starts what else was found")
	}
	for _, c := range w.service.Clients {
		switch {
		case c.Own || w.said(c):
		case c.Known:
			say(c.At, "%s is for %s, and needs a client of its own where it is used", c.Text, quoted(c.Name))
		default:
			say(c.At, "%s is for a queue or topic that is %s in Python", c.Text, c.Why)
		}
	}
}

// said reports whether main has the queue of a client, or a message says that it needs one.
func (w *output) said(c *Client) bool {
	if c.Queue && c.Known {
		return slices.ContainsFunc(w.customClients(), func(other *Client) bool { return other.Name == c.Name })
	}
	uses := func(m *Message) bool { return m.Client == c }
	return slices.ContainsFunc(w.service.Messages, uses) ||
		slices.ContainsFunc(w.service.Publications, func(p *Publication) bool { return p.Used && uses(&p.Message) })
}

// customClients are those that receive from another queue than the service's own.
func (w *output) customClients() []*Client {
	var out []*Client
	seen := map[string]bool{}
	for _, c := range w.service.Clients {
		if c.Queue && c.Known && !c.Own && c.Receiving && !seen[c.Name] {
			seen[c.Name] = true
			out = append(out, c)
		}
	}
	return out
}

// serve writes the HTTP server and its routes.
func (w *output) serve(body *strings.Builder, uses map[string]bool) {
	uses["net/http"], uses["time"], uses["errors"] = true, true, true
	if w.publishes {
		uses[libraryPath+"/sns"] = true
	}
	body.WriteString(`// serve answers HTTP until ctx ends.
	func serve(ctx context.Context, app *iniesta.App) error {
		mux := http.NewServeMux()
		routes(mux)
		health := http.NewServeMux()
		health.Handle("/healthz", app.HealthHandler())
		health.Handle("/readyz", app.HealthHandler())
		health.Handle("/", mux)
		server := &http.Server{Addr: ":8000", Handler: health, ReadHeaderTimeout: 5 * time.Second}
		ended := make(chan error, 1)
		go func() { ended <- server.ListenAndServe() }()
		select {
		case err := <-ended:
			return err
		case <-ctx.Done():
		}
		end, cancel := context.WithTimeout(context.WithoutCancel(ctx), 10*time.Second)
		defer cancel()
		err := server.Shutdown(end)
		if served := <-ended; !errors.Is(served, http.ErrServerClosed) {
			err = errors.Join(err, served)
		}
		return err
	}

	// routes registers the views.
	func routes(mux *http.ServeMux) {
	`)
	for _, line := range w.routeLines {
		body.WriteString(line + "\n")
	}
	body.WriteString("}\n")
}

// boundEvents are the events that Go binds, sorted.
func (w *output) boundEvents() []string {
	var events []string
	for _, h := range w.service.Handlers {
		bound, hasDefault := h.bound()
		events = append(events, bound...)
		if hasDefault {
			events = append(events, "*")
		}
	}
	slices.Sort(events)
	return events
}

// mainTest writes what the other tests share, and the test of all binds.
func (w *output) mainTest(registers bool) error {
	uses := map[string]bool{"slices": true, "testing": true, libraryPath + "/sqs": true}
	register := ""
	if registers {
		register = "if err := register(); err != nil {\nt.Fatal(err)\n}\n"
	}
	body := fmt.Sprintf(`// TestTheHandlersAreThoseOfThePythonService compares what is bound with what iniesta port found; sqs.Default is %s.
	func TestTheHandlersAreThoseOfThePythonService(t *testing.T) {
		%sif err := sqs.DefaultRegistry.Err(); err != nil {
			t.Fatal(err)
		}
		want := []string{%s}
		got := []string{}
		for _, h := range sqs.DefaultRegistry.Handlers() {
			got = append(got, h.Event)
		}
		slices.Sort(got)
		if !slices.Equal(got, want) {
			t.Errorf("bound are %%q, Python has %%q", got, want)
		}
	}
	`, quoted("*"), register, quotedAll(w.boundEvents()))
	if len(w.service.Handlers) > 0 {
		body += `
	// received is a message as the queue gives it.
	func received(t *testing.T, event, body string) *sqs.Message {
		t.Helper()
		m := &sqs.Message{MessageID: "1", RawBody: body}
		if err := m.AddRawEvent(event); err != nil {
			t.Fatal(err)
		}
		return m
	}
	`
	}
	if w.serves() {
		uses["net/http"] = true
		body += `
	func TestTheRoutesDoNotConflict(t *testing.T) { routes(http.NewServeMux()) }
	`
	}
	return w.source("main_test.go", uses, body)
}
