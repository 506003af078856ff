package iniesta

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"sync"
	"sync/atomic"

	"github.com/seed08532102/iniesta/iniesta/config"
	"github.com/seed08532102/iniesta/sns"
	"github.com/seed08532102/iniesta/sqs"
)

// App is an application: what InitApp made of the settings. Its methods may be called from several
// goroutines.
type App struct {
	// SQS receives where the types poll. It is sqs.SQSClient unless WithClients says otherwise.
	SQS *sqs.Client
	// SNS publishes where the application is an SNS_PRODUCER. It is sns.SNSClient unless WithClients says
	// otherwise.
	SNS *sns.Client

	config config.Config
	types  InitializationTypes
	log    *slog.Logger
	shared bool

	mu      sync.Mutex
	started bool // receiving was begun
	ending  bool // by the end of Start's context
	stopped bool
	closers []func(context.Context) error // of the clients that InitApp initialized
}

var (
	// ErrAlreadyInitialized is returned by InitApp while another application uses the package-level
	// clients. Stop ends that.
	ErrAlreadyInitialized = errors.New("iniesta: the application has already been initialized")
	// ErrStopped is returned by Start and Healthy once the application was stopped.
	ErrStopped = errors.New("iniesta: the application was stopped")
)

// taken is whether there is an application with the package-level clients.
var taken atomic.Bool

// InitApp reads the settings and sets the application up: it checks what its types need (see the package
// documentation) and initializes the clients, and does not receive yet. All checks that failed are in one
// error, each saying what to run or to set; those that are only doubtful are logged as warnings. The error
// matches that of each check (sns.ErrTopicNotFound, sqs.ErrQueueNotFound, sqs.ErrSubscriptionNotFound,
// sqs.ErrFilterMismatch, sqs.ErrPermissionNotFound, sqs.ErrLockNotAcquired, *config.Error) and
// ErrAlreadyInitialized for a second application of a process. Python: Iniesta.init_app.
func InitApp(ctx context.Context, opts ...Option) (_ *App, err error) {
	o := newOptions(opts)
	if o.shared() && !taken.CompareAndSwap(false, true) {
		return nil, fmt.Errorf("%w: stop the first one, or give the second clients of its own (WithClients)", ErrAlreadyInitialized)
	}
	a := &App{SQS: o.sqs, SNS: o.sns, log: o.logger, shared: o.shared()}
	defer func() {
		if err != nil {
			err = errors.Join(err, a.close(context.WithoutCancel(ctx)))
		}
	}()
	if a.config, err = o.settings(); err != nil {
		return nil, fmt.Errorf("iniesta: initializing: %w", err)
	}
	if a.types, err = ParseInitializationTypes(a.config.InitializationType...); err != nil {
		return nil, fmt.Errorf("iniesta: initializing: %w", err)
	}
	if a.types == 0 {
		return nil, fmt.Errorf("iniesta: initializing: %w", a.config.Required())
	}
	if a.config.DryRun || a.types == CUSTOM {
		a.log.Info("[INIESTA] Initialized without checks", slog.String("types", a.types.String()), slog.Bool("dry_run", a.config.DryRun))
		return a, nil
	}
	return a, a.initialize(ctx, o)
}

// initialize sets the clients up and checks, as far as what was found allows.
func (a *App) initialize(ctx context.Context, o *options) error {
	c := &checker{config: a.config, types: a.types}
	c.settings()
	if a.types.Has(SNS_PRODUCER) && a.config.GlobalTopicARN != "" {
		err := a.SNS.Initialize(ctx, o.forSNS(a.config)...)
		if err == nil {
			a.closers = append(a.closers, a.SNS.Close)
		}
		c.topic(err)
	}
	if a.types.polls() {
		a.initializeQueue(ctx, o, c)
	}
	c.log(a.log)
	if err := c.failed(); err != nil {
		return fmt.Errorf("iniesta: initializing as %s: %w", a.types, err)
	}
	return nil
}

func (a *App) initializeQueue(ctx context.Context, o *options, c *checker) {
	err := a.SQS.Initialize(ctx, o.forSQS(a.config)...)
	c.queue(a.SQS, err)
	if errors.Is(err, sqs.ErrLockNotAcquired) { // that is no reason to leave the rest unsaid
		c.diagnoseQueue(ctx, o)
	}
	if err != nil {
		return
	}
	a.closers = append(a.closers, a.SQS.Close)
	c.resources(ctx, a.SQS)
	nodes, _ := a.SQS.LockNodes(ctx) // it is initialized
	c.oneServer(sameServer(nodes))
}

func sameServer(nodes []sqs.LockNode) (names []string) {
	for _, n := range nodes {
		if n.SameServer {
			names = append(names, n.Name)
		}
	}
	return names
}

// InitializationTypes is what the application is. Python: Iniesta.initialization_type.
func (a *App) InitializationTypes() InitializationTypes { return a.types }

// Start begins to receive where the types poll, and returns at once. When ctx ends, receiving stops as by
// Stop. It returns ErrStopped after Stop, and otherwise what sqs.Client.StartReceivingMessages does.
func (a *App) Start(ctx context.Context) error {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.stopped {
		return fmt.Errorf("iniesta: starting: %w: call InitApp again", ErrStopped)
	}
	if !a.receives() {
		return nil
	}
	c := &checker{config: a.config, types: a.types}
	c.coverage(a.SQS.Registry().Handlers()) // not before: they may be registered after InitApp
	c.log(a.log)
	if err := a.SQS.StartReceivingMessages(ctx); err != nil {
		return fmt.Errorf("iniesta: starting: %w", err)
	}
	a.started = true
	context.AfterFunc(ctx, a.end)
	return nil
}

func (a *App) end() {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.ending = true
}

// receives reports whether there is anything to start.
func (a *App) receives() bool { return a.types.polls() && !a.config.DryRun }

// Stop drains what is in flight, as sqs.Client.StopReceivingMessages does, waits for events of responses that
// are being published, and closes the clients. Within ctx; it may be called again, and without Start.
func (a *App) Stop(ctx context.Context) error {
	a.mu.Lock()
	a.stopped = true
	a.mu.Unlock()
	return a.close(ctx)
}

func (a *App) close(ctx context.Context) error {
	for _, closer := range slices.Backward(a.closers) { // what receives before what it publishes with
		if err := closer(ctx); err != nil {
			return fmt.Errorf("iniesta: stopping: %w", err)
		}
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.shared {
		a.shared = false
		taken.Store(false)
	}
	return nil
}

// String names the types and the service. Without it package fmt would print what is inside, while that changes.
func (a *App) String() string {
	return fmt.Sprintf("iniesta.App(%s, %s)", a.config.ServiceName, a.types)
}

// GoString is String.
func (a *App) GoString() string { return a.String() }

// Run starts the application, waits until ctx ends and stops it.
func (a *App) Run(ctx context.Context) error {
	if err := a.Start(ctx); err != nil {
		return errors.Join(err, a.Stop(context.WithoutCancel(ctx)))
	}
	<-ctx.Done()
	return a.Stop(context.WithoutCancel(ctx))
}

// Run is the whole main of a service: InitApp, then App.Run. It returns when ctx has ended and everything
// is drained, or with what InitApp found.
func Run(ctx context.Context, opts ...Option) error {
	a, err := InitApp(ctx, opts...)
	if err != nil {
		return err
	}
	return a.Run(ctx)
}
