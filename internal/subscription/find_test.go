package subscription

import (
	"context"
	"errors"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sns"
	"github.com/aws/aws-sdk-go-v2/service/sns/types"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// pages is a topic whose subscriptions come one to a page.
type pages struct {
	endpoints []string
	err       error
	asked     int
}

func (p *pages) ListSubscriptionsByTopic(_ context.Context, in *sns.ListSubscriptionsByTopicInput, _ ...func(*sns.Options)) (*sns.ListSubscriptionsByTopicOutput, error) {
	if p.err != nil {
		return nil, p.err
	}
	i := p.asked
	p.asked++
	out := &sns.ListSubscriptionsByTopicOutput{Subscriptions: []types.Subscription{{Endpoint: &p.endpoints[i], SubscriptionArn: aws.String("of " + p.endpoints[i])}}}
	if p.asked < len(p.endpoints) {
		out.NextToken = aws.String("more")
	}
	return out, nil
}

func TestFindStopsAtTheQueue(t *testing.T) {
	p := &pages{endpoints: []string{"a", "b", "c"}}
	found, err := Find(t.Context(), p, "topic", "b")
	require.NoError(t, err)
	assert.Equal(t, "of b", found)
	assert.Equal(t, 2, p.asked)
	found, err = Find(t.Context(), &pages{endpoints: []string{"a"}}, "topic", "b")
	require.NoError(t, err)
	assert.Empty(t, found)
}

func TestFindTellsThatThereIsNoTopic(t *testing.T) {
	_, err := Find(t.Context(), &pages{err: &types.NotFoundException{}}, "topic", "b")
	assert.ErrorIs(t, err, ErrNoTopic)
	other := errors.New("unreachable")
	_, err = Find(t.Context(), &pages{err: other}, "topic", "b")
	assert.ErrorIs(t, err, other)
	assert.NotErrorIs(t, err, ErrNoTopic)
}
