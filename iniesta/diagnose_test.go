package iniesta_test

import (
	"context"
	"fmt"
	"log/slog"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/credentials"
	awssqs "github.com/aws/aws-sdk-go-v2/service/sqs"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/seed08532102/iniesta/iniesta"
	"github.com/seed08532102/iniesta/iniesta/config"
	"github.com/seed08532102/iniesta/internal/awsclient"
	"github.com/seed08532102/iniesta/internal/testserver"
)

func quiet(l *logs) iniesta.Option {
	return iniesta.WithLogger(slog.New(slog.NewJSONHandler(l, nil)))
}

func createQueue(t *testing.T, url, name string) {
	client := awsclient.Wrap(nil)
	defer client.CloseIdleConnections()
	api := awssqs.New(awssqs.Options{BaseEndpoint: &url, Region: "us-east-1", HTTPClient: client,
		Credentials: credentials.NewStaticCredentialsProvider("key", "secret", "")})
	_, err := api.CreateQueue(t.Context(), &awssqs.CreateQueueInput{QueueName: &name})
	require.NoError(t, err)
}

// found lists what is not ok, as "status check".
func found(findings []iniesta.Finding) (problems []string) {
	for _, f := range findings {
		if f.Status != iniesta.OK {
			problems = append(problems, fmt.Sprintf("%s %s", f.Status, f.Check))
		}
	}
	return problems
}

func diagnose(t *testing.T, w *world) []iniesta.Finding {
	return iniesta.Diagnose(t.Context(), w.options()...)
}

func TestDiagnoseFindsEverySettingThatMayHurt(t *testing.T) {
	inWorld(t, []string{"EVENT_POLLING"}, func(t *testing.T, w *world) {
		w.config.LockNodes = []config.RedisURL{config.NewRedisURL("redis://127.0.0.1:1/0")} // for another test
		w.makeAll()
		assert.NotContains(t, found(diagnose(t, w)), "warning queue settings")
		for name, change := range map[string]func(){
			"the visibility timeout is 5s":                    func() { w.config.VisibilityTimeout = 5 * time.Second },
			"but INIESTA_MAX_EXTENSION ends":                  func() { w.config.HandlerTimeout = 2 * time.Hour },
			"but a stop ends handlers after 25s":              func() { w.config.HandlerTimeout = time.Minute },
			"a stop cuts it off after 10s":                    func() { w.config.ShutdownTimeout = 10 * time.Second },
			"the idempotency window of 10s has passed":        func() { w.config.IdempotencyWindow = 10 * time.Second },
			"receives do not wait":                            func() { w.config.ReceiveWaitTime = 0 },
			"messages are lost when they are 10m0s old":       func() { w.set("MessageRetentionPeriod", "600") },
			"every message waits for 1m0s":                    func() { w.set("DelaySeconds", "60") },
			"with INIESTA_DRY_RUN the service checks and rec": func() { w.config.DryRun = true },
		} {
			before := w.config
			change()
			text := fmt.Sprintf("%+v", diagnose(t, w))
			assert.Contains(t, text, name)
			w.config = before
		}
	})
}

func TestDiagnoseLooksAtWhatItCanWhateverFails(t *testing.T) {
	inWorld(t, []string{"EVENT_POLLING", "SNS_PRODUCER"}, func(t *testing.T, w *world) {
		w.config.LockNodes = []config.RedisURL{config.NewRedisURL("redis://u:hunter2@127.0.0.1:1/0")}
		w.makeQueue()
		findings := diagnose(t, w)
		assert.Equal(t, []string{"failed topic", "failed subscription", "failed permission", "failed lock node 127.0.0.1:1/0", "failed lock nodes", "warning lock nodes"}, found(findings))
		assert.NotContains(t, fmt.Sprintf("%+v", findings), "hunter2")
	})
}

func TestDiagnoseNamesThePermissionsThatAreMissingToFinishMessages(t *testing.T) {
	inWorld(t, []string{"QUEUE_POLLING"}, func(t *testing.T, w *world) {
		w.config.LockNodes = []config.RedisURL{config.NewRedisURL("redis://127.0.0.1:1/0")} // for another test
		w.makeAll()
		assert.NotContains(t, found(diagnose(t, w)), "failed permissions")
		w.aws.Credentials = credentials.NewStaticCredentialsProvider("consumer", "secret", "")
		require.NoError(t, w.server.Permit("consumer", `{"Statement":[{"Effect":"Allow","Action":"*","Resource":"*"},{"Effect":"Deny","Action":"sqs:DeleteMessage","Resource":"*"}]}`))
		var texts []string
		for _, f := range diagnose(t, w) {
			if f.Check == "permissions" {
				texts = append(texts, f.Text)
				assert.Equal(t, iniesta.Failed, f.Status)
			}
		}
		require.Len(t, texts, 1)
		assert.Contains(t, texts[0], "sqs:DeleteMessage on orders is denied, so that handled messages come back until they are dead letters: allow it")
	})
}

func TestDiagnoseStopsWhereSettingsCannotBeRead(t *testing.T) {
	t.Setenv("INIESTA_SQS_CONCURRENCY", "many")
	assert.Equal(t, []string{"failed settings"}, found(iniesta.Diagnose(context.Background())))
}

func TestDiagnoseLooksAtEachLockNode(t *testing.T) {
	t.Setenv("AWS_MAX_ATTEMPTS", "1")
	settings := config.Default()
	settings.InitializationType, settings.ServiceName, settings.AWSDefaultRegion = []string{"QUEUE_POLLING"}, "shop", "us-east-1"
	settings.SQSEndpointURL = "http://127.0.0.1:1"
	settings.AWSAccessKeyID, settings.AWSSecretAccessKey = "key", config.NewSecret("secret")
	nodes := testserver.RedisNodes(t, 3)
	use := func(urls ...string) {
		settings.LockNodes = nil
		for _, url := range urls {
			settings.LockNodes = append(settings.LockNodes, config.NewRedisURL(url))
		}
	}
	of := func() []string { return found(iniesta.Diagnose(t.Context(), iniesta.WithConfig(settings))) }
	name := func(n *testserver.RedisNode) string { return n.URL()[len("redis://"):] }

	use(testserver.URLs(nodes)...)
	assert.Equal(t, []string{"failed queue"}, of())
	nodes[1].Kill()
	assert.Equal(t, []string{"failed queue", "warning lock node " + name(nodes[1])}, of())
	nodes[2].Kill()
	assert.Equal(t, []string{"failed queue", "failed lock node " + name(nodes[1]), "failed lock node " + name(nodes[2]), "failed lock nodes"}, of())
	base := nodes[0].URL()[:len(nodes[0].URL())-1]
	use(base+"1", base+"2", base+"3")
	assert.Equal(t, []string{"failed queue", "warning lock nodes"}, of())
	use(base+"1", base+"2", strings.Replace(base, "127.0.0.1", "localhost", 1)+"1")
	assert.Contains(t, strings.Join(of(), ", "), "failed lock node ", "one database under two names")

	readOnly := testserver.Redis(t, "--replicaof", "127.0.0.1 1")
	use(nodes[0].URL(), testserver.Redis(t).URL(), readOnly.URL())
	assert.Equal(t, []string{"failed queue", "warning lock node " + name(readOnly)}, of())
	use(nodes[0].URL(), testserver.Redis(t, "--maxmemory", "1").URL(), readOnly.URL())
	assert.Contains(t, of(), "failed lock nodes")
}
