package main

import (
	"context"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"testing"

	awssns "github.com/aws/aws-sdk-go-v2/service/sns"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/seed08532102/iniesta/iniesta/config"
	"github.com/seed08532102/iniesta/sns"
	"github.com/seed08532102/iniesta/sqs"
)

// published is as much of SNS as the service needs.
type published struct {
	sns.API
	messages []*awssns.PublishInput
}

func (p *published) GetTopicAttributes(context.Context, *awssns.GetTopicAttributesInput, ...func(*awssns.Options)) (*awssns.GetTopicAttributesOutput, error) {
	return &awssns.GetTopicAttributesOutput{}, nil
}

func (p *published) Publish(_ context.Context, in *awssns.PublishInput, _ ...func(*awssns.Options)) (*awssns.PublishOutput, error) {
	p.messages = append(p.messages, in)
	return &awssns.PublishOutput{}, nil
}

func initialize(t *testing.T) *published {
	p := &published{}
	settings := config.Default()
	settings.ServiceName = "points"
	require.NoError(t, sns.Initialize(t.Context(), sns.WithConfig(settings), sns.WithAPI(p), sns.WithTopicARN("arn:aws:sns:us-east-1:1:events")))
	clear(points)
	return p
}

func TestANewLevelIsPublished(t *testing.T) {
	p := initialize(t)
	require.NoError(t, orderPlaced(t.Context(), order{"ana", 60}))
	assert.Empty(t, p.messages)
	require.NoError(t, orderPlaced(t.Context(), order{"ana", 60}))
	require.Len(t, p.messages, 1)
	assert.JSONEq(t, `{"user":"ana","level":1}`, *p.messages[0].Message)
	assert.Equal(t, "LevelReached.points", *p.messages[0].MessageAttributes["iniesta_pass"].StringValue)
	assert.Equal(t, "2", *p.messages[0].MessageAttributes["version"].StringValue)
}

func TestPointsThatAreGivenArePublished(t *testing.T) {
	p := initialize(t)
	r := httptest.NewRequest(http.MethodPost, "/users/ana/points", nil)
	r.SetPathValue("user", "ana")
	w := httptest.NewRecorder()
	sns.PublishEvent("PointsGiven", sns.WithAttribute("source", "api"))(http.HandlerFunc(give)).ServeHTTP(w, r)
	assert.Equal(t, http.StatusCreated, w.Code)
	require.Len(t, p.messages, 1)
	assert.Equal(t, w.Body.String(), *p.messages[0].Message)
	assert.Equal(t, "api", *p.messages[0].MessageAttributes["source"].StringValue)
}

func TestTheHandlersAreThoseOfThePythonService(t *testing.T) {
	require.NoError(t, sqs.DefaultRegistry.Err())
	events := []string{}
	for _, h := range sqs.DefaultRegistry.Handlers() {
		events = append(events, h.Event)
	}
	assert.Equal(t, []string{sqs.Default, "OrderPlaced.*"}, events)
}

func TestTheGuideHasThisServiceInFull(t *testing.T) {
	guide, err := os.ReadFile("../../docs/porting.md")
	require.NoError(t, err)
	program, err := os.ReadFile("main.go")
	require.NoError(t, err)
	assert.Contains(t, string(guide), strings.TrimSpace(string(program)))
}
