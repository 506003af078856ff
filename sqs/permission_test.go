package sqs_test

import (
	"strings"
	"testing"

	awssqs "github.com/aws/aws-sdk-go-v2/service/sqs"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/seed08532102/iniesta/internal/localaws"
	"github.com/seed08532102/iniesta/sqs"
)

func TestConfirmPermissionSaysWhatToAddAndIsContentWithIt(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		const topic = "arn:aws:sns:us-east-1:000000000000:events"
		c := w.client()
		err := c.ConfirmPermission(t.Context(), topic)
		require.ErrorIs(t, err, sqs.ErrPermissionNotFound)
		assert.ErrorContains(t, err, topic+" may not send to orders: the queue has no policy: run iniesta setup --apply, or add the statement {")

		_, statement, _ := strings.Cut(err.Error(), "add the statement ")
		_, err = w.api.SetQueueAttributes(t.Context(), &awssqs.SetQueueAttributesInput{
			QueueUrl: &w.url, Attributes: map[string]string{"Policy": `{"Version":"2012-10-17","Statement":[` + statement + `]}`},
		})
		require.NoError(t, err)
		require.NoError(t, c.ConfirmPermission(t.Context(), topic))
		err = c.ConfirmPermission(t.Context(), topic+"2")
		require.ErrorIs(t, err, sqs.ErrPermissionNotFound)
		assert.ErrorContains(t, err, "none of its 1 statements allows sqs:SendMessage for it")
	})
}

func TestConfirmPermissionWarnsOfWhatIsUndecidedAndRefusesNothing(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		const topic = "arn:aws:sns:us-east-1:000000000000:events"
		c := w.client()
		_, err := w.api.SetQueueAttributes(t.Context(), &awssqs.SetQueueAttributesInput{QueueUrl: &w.url, Attributes: map[string]string{
			"Policy": `{"Statement":[{"Effect":"Allow","Principal":"*","Action":"*","Condition":{"StringEquals":{"aws:SourceOrgID":"o-1"}}}]}`}})
		require.NoError(t, err)
		require.NoError(t, c.ConfirmPermission(t.Context(), topic))
		assert.Contains(t, w.logs.String(), "statement 1: its condition StringEquals on aws:SourceOrgID: the value of the key is not known")
	})
}

func TestConfirmPermissionPassesOnWhatKeepsItFromLooking(t *testing.T) {
	assert.ErrorIs(t, sqs.New().ConfirmPermission(t.Context(), "arn"), sqs.ErrNotInitialized)
	inWorld(t, func(t *testing.T, w *world) {
		c := w.client()
		w.server.SetFault(func(localaws.Call) localaws.Fault { return localaws.Fault{Code: "AccessDenied", Status: 403} })
		err := c.ConfirmPermission(t.Context(), "arn")
		assert.ErrorContains(t, err, "reading the attributes Policy and QueueArn of orders")
		assert.ErrorContains(t, err, "AccessDenied")
		assert.NotErrorIs(t, err, sqs.ErrPermissionNotFound)
	})
}
