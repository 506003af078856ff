package consumer

import (
	"context"
	"fmt"
	"sync"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/sqs"
	"github.com/aws/aws-sdk-go-v2/service/sqs/types"
	"github.com/go-redsync/redsync/v4"
	redsyncredis "github.com/go-redsync/redsync/v4/redis"
	"github.com/go-redsync/redsync/v4/redis/goredis/v9"
	"github.com/redis/go-redis/v9"
)

// runSDKRedsync is the bare loop with a redsync lock around each handler, both as they come.
func runSDKRedsync(ctx context.Context, s Settings) error {
	return runLocked(ctx, s, asItComes)
}

// runSDKAutoPipeline is the same with go-redis's auto-pipelining.
func runSDKAutoPipeline(ctx context.Context, s Settings) error {
	return runLocked(ctx, s, autoPipeline)
}

func asItComes(c *redis.Client) (redis.UniversalClient, error) { return c, nil }

func autoPipeline(c *redis.Client) (redis.UniversalClient, error) { return c.AutoPipeline() }

type wrapper func(*redis.Client) (redis.UniversalClient, error)

func runLocked(ctx context.Context, s Settings, wrap wrapper) error {
	locks, err := newRedsync(s, wrap)
	if err != nil {
		return err
	}
	return eachPoller(ctx, s, func(client *sqs.Client, messages []types.Message) {
		var handled sync.WaitGroup
		for i := range messages {
			handled.Go(func() { handleLocked(ctx, s, locks, &messages[i]) })
		}
		handled.Wait()
		deleteAll(ctx, client, s, messages)
	})
}

func newRedsync(s Settings, wrap wrapper) (*redsync.Redsync, error) {
	var pools []redsyncredis.Pool
	for _, address := range s.Redis {
		client, err := wrap(redis.NewClient(&redis.Options{Addr: address}))
		if err != nil {
			return nil, fmt.Errorf("opening %s: %w", address, err)
		}
		pools = append(pools, goredis.NewPool(client))
	}
	return redsync.New(pools...), nil
}

func handleLocked(ctx context.Context, s Settings, locks *redsync.Redsync, m *types.Message) {
	mutex := locks.NewMutex("sqs:event:"+*m.MessageId, redsync.WithExpiry(10*time.Second), redsync.WithTries(1))
	if mutex.LockContext(ctx) != nil {
		return
	}
	handle(s, m)
	_, _ = mutex.UnlockContext(ctx) // ends by itself
}
