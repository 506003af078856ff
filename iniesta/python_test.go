package iniesta_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/seed08532102/iniesta/iniesta"
	"github.com/seed08532102/iniesta/iniesta/config"
)

func lockNodes(urls ...string) (nodes []config.RedisURL) {
	for _, url := range urls {
		nodes = append(nodes, config.NewRedisURL(url))
	}
	return nodes
}

// pythonFindings are those of Diagnose about Python's consumers, by check.
func pythonFindings(t *testing.T, w *world, opts ...iniesta.Option) map[string]iniesta.Finding {
	found := map[string]iniesta.Finding{}
	for _, f := range iniesta.Diagnose(t.Context(), w.options(opts...)...) {
		if strings.HasPrefix(f.Check, "python ") {
			found[f.Check] = f
		}
	}
	return found
}

func TestDiagnoseSaysNothingOfPythonUnlessAsked(t *testing.T) {
	inWorld(t, []string{"EVENT_POLLING"}, func(t *testing.T, w *world) {
		w.config.LockNodes = lockNodes("redis://127.0.0.1:1/0")
		w.makeAll()
		assert.Empty(t, pythonFindings(t, w))
		assert.Len(t, pythonFindings(t, w, iniesta.WithPython()), 3)
	})
}

func TestDiagnoseWarnsWhereTheLockNodesAreNotPythons(t *testing.T) {
	for _, tt := range []struct {
		name string
		urls []string
		want iniesta.Status
		text string
	}{
		{"the default", []string{"redis://localhost:6379/1", "redis://localhost:6379/2", "redis://localhost:6379/3"}, iniesta.OK, "the same servers only where both run on one host"},
		{"the default by address, in another order", []string{"redis://127.0.0.1/3", "redis://127.0.0.1:6379/1", "redis://[::1]:6379/2"}, iniesta.OK, ""},
		{"other servers", []string{"redis://127.0.0.1:1/1", "redis://127.0.0.1:1/2", "redis://127.0.0.1:1/3"}, iniesta.Warning, "this service on 127.0.0.1:1/1, 127.0.0.1:1/2, 127.0.0.1:1/3"},
		{"other databases", []string{"redis://localhost/0", "redis://localhost/1", "redis://localhost/2"}, iniesta.Warning, "localhost:6379/0"},
		{"one of them", []string{"redis://localhost/1"}, iniesta.Warning, ""},
		{"one of them three times", []string{"redis://localhost/1", "redis://localhost/1", "redis://localhost/1"}, iniesta.Warning, ""},
		{"one more", []string{"redis://localhost/1", "redis://localhost/2", "redis://localhost/3", "redis://localhost/4", "redis://localhost/5"}, iniesta.Warning, ""},
		{"a password", []string{"redis://:hunter2@localhost/1", "redis://localhost/2", "redis://localhost/3"}, iniesta.Warning, ""},
		{"TLS", []string{"rediss://localhost/1", "rediss://localhost/2", "rediss://localhost/3"}, iniesta.Warning, ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			findings := iniesta.PythonNodes(lockNodes(tt.urls...))
			require.Len(t, findings, 1)
			assert.Equal(t, tt.want, findings[0].Status)
			assert.Contains(t, findings[0].Text, tt.text)
			assert.Equal(t, tt.want == iniesta.Warning, strings.Contains(findings[0].Cure, "INIESTA_CACHES"))
			assert.NotContains(t, fmt.Sprint(findings), "hunter2")
		})
	}
}

func TestDiagnoseWarnsOfWhatKeepsPythonFromStarting(t *testing.T) {
	inWorld(t, []string{"EVENT_POLLING"}, func(t *testing.T, w *world) {
		w.config.LockNodes = lockNodes("redis://127.0.0.1:1/0")
		w.makeAll()
		for policy, ok := range map[string]bool{
			`{"Statement":[{"Effect":"Allow","Action":"SQS:SendMessage"}]}`:                                     true,
			`{"Statement":[{"Effect":"Allow","Action":["SQS:ReceiveMessage","SQS:SendMessage"]}]}`:              true,
			`{"Statement":[{"Effect":"Allow","Action":"sqs:SendMessage"}]}`:                                     false,
			`{"Statement":[{"Effect":"Allow","Action":["SQS:SendMessageBatch"]}]}`:                              false,
			`{"Statement":[{"Effect":"Deny","Action":"SQS:SendMessage"}]}`:                                      false,
			`{"Statement":[{"Effect":"Allow","Action":"SQS:*"},{"Effect":"Allow","Action":"SQS:SendMessage"}]}`: false,
			`{"Statement":{"Effect":"Allow","Action":"SQS:SendMessage"}}`:                                       false,
			`{"Statement":[{"Effect":"Allow","NotAction":"SQS:DeleteQueue"}]}`:                                  false,
			`{"Statement":[]}`: false,
			``:                 false,
		} {
			w.set("Policy", policy)
			f := pythonFindings(t, w, iniesta.WithPython())["python queue"]
			assert.Equal(t, ok, f.Status == iniesta.OK, "%s: %s", policy, f.Text)
			if statement, given := strings.CutPrefix(f.Cure, "put this statement first: "); given {
				w.set("Policy", `{"Statement":[`+statement+`]}`)
				assert.Equal(t, iniesta.OK, pythonFindings(t, w, iniesta.WithPython())["python queue"].Status, "the cure helps")
			}
		}
	})
}

func TestDiagnoseComparesTheSubscriptionAsPythonDoes(t *testing.T) {
	for _, tt := range []struct {
		name, filter string
		filters      []string
		assert       bool
		want         string
	}{
		{"equal", `{"iniesta_pass": ["UserUpdated.user", {"prefix": "Order."}]}`, []string{"UserUpdated.user", "Order.*"}, true, ""},
		{"another order", rightFilter, []string{"UserUpdated.user", "Order.*"}, true, "does not start"},
		{"another order, not asserted", rightFilter, []string{"UserUpdated.user", "Order.*"}, false, ""},
		{"another key", `{"iniesta_pass":["A.b"],"version":["1"]}`, []string{"A.b"}, true, "does not start"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			inWorld(t, []string{"EVENT_POLLING"}, func(t *testing.T, w *world) {
				w.config.LockNodes = lockNodes("redis://127.0.0.1:1/0")
				w.config.ConsumerFilters, w.config.AssertFilterPolicies = tt.filters, tt.assert
				w.makeTopic()
				w.makeQueue()
				w.allow()
				w.subscribe(tt.filter)
				f := pythonFindings(t, w, iniesta.WithPython())["python subscription"]
				assert.Equal(t, tt.want == "", f.Status == iniesta.OK)
				assert.Contains(t, f.Text, tt.want)
			})
		})
	}
}

func TestDiagnoseWarnsOfAWindowThatPythonOutlasts(t *testing.T) {
	for _, tt := range []struct {
		name               string
		visibility, redriv string
		window             time.Duration
		want               string
	}{
		{"the defaults", "30", "5", config.WindowAuto, ""},
		{"many receives", "30", "100", config.WindowAuto, "can come back for 50m0s"},
		{"many receives and a window for them", "30", "100", 50 * time.Minute, ""},
		{"no dead-letter queue", "30", "", config.WindowAuto, "can come back for 96h0m0s"},
		{"long handlers", "900", "5", config.WindowAuto, "the idempotency window of 30m0s has passed"},
		{"no window", "30", "5", 0, "the idempotency window of 0s has passed"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			inWorld(t, []string{"QUEUE_POLLING"}, func(t *testing.T, w *world) {
				w.config.LockNodes, w.config.IdempotencyWindow = lockNodes("redis://127.0.0.1:1/0"), tt.window
				w.makeQueue()
				w.set("VisibilityTimeout", tt.visibility)
				w.set("RedrivePolicy", "")
				if tt.redriv != "" {
					w.set("RedrivePolicy", fmt.Sprintf(`{"deadLetterTargetArn":%q,"maxReceiveCount":%s}`, deadARN, tt.redriv))
				}
				f := pythonFindings(t, w, iniesta.WithPython())["python queue"]
				assert.Equal(t, tt.want == "", f.Status == iniesta.OK)
				assert.Contains(t, f.Text, tt.want)
			})
		})
	}
}
