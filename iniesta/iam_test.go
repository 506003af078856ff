package iniesta_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"slices"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/seed08532102/iniesta/iniesta"
	"github.com/seed08532102/iniesta/sns"
	"github.com/seed08532102/iniesta/sqs"
)

// documented is a policy of docs/iam.
type documented struct {
	Version   string
	Statement []struct {
		Sid, Effect string
		Action      any
		Resource    string
	}
}

func readDocumented(t *testing.T, role string) (d documented, actions []string) {
	text, err := os.ReadFile("../docs/iam/" + role + ".json")
	require.NoError(t, err)
	require.NoError(t, json.Unmarshal(text, &d))
	for _, s := range d.Statement {
		switch a := s.Action.(type) {
		case string:
			actions = append(actions, a)
		case []any:
			for _, one := range a {
				actions = append(actions, one.(string))
			}
		}
	}
	return d, actions
}

// without is the policy as JSON, one action left out.
func (d documented) without(action string) string {
	d.Statement = slices.Clone(d.Statement)
	for i := range d.Statement {
		if a, ok := d.Statement[i].Action.([]any); ok {
			d.Statement[i].Action = slices.DeleteFunc(slices.Clone(a), func(one any) bool { return one == action })
		} else if d.Statement[i].Action == action {
			d.Statement[i].Action = []any{}
		}
	}
	text, err := json.Marshal(d)
	if err != nil {
		panic(err)
	}
	return string(text)
}

// liveAs runs a producer and a consumer with the policies, over an event whose handler takes longer than the
// visibility timeout and wants it again once. It returns the first error.
func (w *world) liveAs(consumer, producer string) error {
	w.makeAll()
	require.NoError(w.t, w.server.Permit("consumer", consumer))
	require.NoError(w.t, w.server.Permit("producer", producer))
	handled, ran := make(chan struct{}), 0
	require.NoError(w.t, w.registry.AddHandler(func(*sqs.Message) error {
		if ran++; ran == 1 {
			time.Sleep(time.Minute)
			return sqs.RetryAfter(time.Second, errors.New("not yet"))
		}
		close(handled)
		return nil
	}, "Order.shop"))
	consuming, err := w.initAs("consumer", "EVENT_POLLING")
	if err != nil {
		return err
	}
	producing, err := w.initAs("producer", "SNS_PRODUCER")
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(w.t.Context(), 10*time.Minute)
	defer cancel()
	if err := consuming.Start(ctx); err != nil {
		return err
	}
	defer func() { _ = consuming.Stop(context.WithoutCancel(ctx)) }() // what fails then is in the logs
	m, err := producing.SNS.CreateMessage("Order", map[string]int{"id": 1})
	require.NoError(w.t, err)
	if err := m.Publish(ctx); err != nil {
		return err
	}
	select {
	case <-handled:
	case <-ctx.Done():
		return ctx.Err()
	}
	time.Sleep(time.Minute)
	if left := w.server.Inspect("orders").Messages; len(left) > 0 {
		return fmt.Errorf("%d messages are left", len(left))
	}
	return nil
}

func (w *world) initAs(role string, initialization ...string) (*iniesta.App, error) {
	settings, api := w.config, w.aws.Copy()
	settings.InitializationType = initialization
	api.Credentials = credentials.NewStaticCredentialsProvider(role, "secret", "")
	return iniesta.InitApp(w.t.Context(), w.options(
		iniesta.WithConfig(settings), iniesta.WithAWSConfig(api), iniesta.WithClients(sqs.New(sqs.WithRegistry(w.registry)), sns.New()))...)
}

func TestTheDocumentedPoliciesAreEnoughAndNeedEveryAction(t *testing.T) {
	consumer, consumerActions := readDocumented(t, "consumer")
	producer, producerActions := readDocumented(t, "producer")
	t.Run("enough", func(t *testing.T) {
		inWorld(t, nil, func(t *testing.T, w *world) {
			require.NoError(t, w.liveAs(consumer.without(""), producer.without("")))
			assert.NotContains(t, w.logs.String(), "not authorized")
		})
	})
	for _, action := range slices.Concat(consumerActions, producerActions) {
		t.Run("without "+action, func(t *testing.T) {
			inWorld(t, nil, func(t *testing.T, w *world) {
				err := w.liveAs(consumer.without(action), producer.without(action))
				assert.Contains(t, fmt.Sprint(err)+w.logs.String(), "not authorized to perform: "+action)
			})
		})
	}
}
