package iniesta_test

import (
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/seed08532102/iniesta/iniesta"
	"github.com/seed08532102/iniesta/sqs"
)

func TestAnApplicationWithoutLocksDoesNotAskForLockNodes(t *testing.T) {
	t.Setenv("INIESTA_CACHES", "no address")
	t.Setenv("INIESTA_INITIALIZATION_TYPE", "QUEUE_POLLING")
	t.Setenv("INIESTA_SQS_QUEUE_NAME", "orders")
	t.Setenv("INIESTA_SQS_ENDPOINT_URL", "http://127.0.0.1:1")
	t.Setenv("INIESTA_AWS_DEFAULT_REGION", "us-east-1")
	t.Setenv("AWS_ACCESS_KEY_ID", "key")
	t.Setenv("AWS_SECRET_ACCESS_KEY", "secret")
	_, err := iniesta.InitApp(t.Context(), iniesta.WithClients(sqs.New(), nil))
	assert.ErrorContains(t, err, "INIESTA_CACHES")
	_, err = iniesta.InitApp(t.Context(), iniesta.WithClients(sqs.New(), nil), iniesta.WithSQS(sqs.WithoutLocks()))
	assert.Error(t, err, "nothing answers at the endpoint")
	assert.NotContains(t, err.Error(), "INIESTA_CACHES")
}
