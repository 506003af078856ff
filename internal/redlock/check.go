package redlock

import (
	"context"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/redis/go-redis/v9"
)

// Check is for the start: it returns an error where a node cannot be a lock node (a node of a Redis Cluster
// behind a client for single servers, a Sentinel, a database that another node has too), and else what
// Ping returns. A node that does not answer within a second is not judged.
func (l *Locker) Check(ctx context.Context) error {
	if err := l.fit(ctx); err != nil {
		return fmt.Errorf("checking the lock nodes: %w", err)
	}
	if err := l.Ping(ctx); err != nil {
		return fmt.Errorf("%w: start them, or set INIESTA_CACHES to where they are, and let them accept writes", err)
	}
	return nil
}

const checkWait = time.Second

func (l *Locker) fit(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, checkWait)
	defer cancel()
	var problems nodeErrors
	for i, err := range unfit(ctx, l.clients()) {
		if err != nil {
			problems = append(problems, l.nodeError(i, err))
		}
	}
	if len(problems) > 0 {
		return problems
	}
	return nil
}

// unfit is, for each client, why its node cannot be a lock node; nil where it can, and where that is not known.
func unfit(ctx context.Context, clients []redis.UniversalClient) []error {
	problems := make([]error, len(clients))
	each(clients, func(i int, client redis.UniversalClient) {
		problems[i] = misfit(ctx, client)
	})
	for i, twin := range twins(ctx, clients) {
		if twin >= 0 && problems[i] == nil {
			problems[i] = fmt.Errorf("it is the database of %s under another name, and no lock can be had there twice: "+
				"give each lock node a server of its own", nameOf(clients[twin], twin))
		}
	}
	return problems
}

// misfit judges a node by the mode that it reports, and where that is not allowed by keys of many slots.
func misfit(ctx context.Context, client redis.UniversalClient) error {
	_, plain := client.(*redis.Client)
	mode := ""
	if plain {
		mode = modeOf(ctx, client)
	}
	switch {
	case mode == "sentinel":
		return fmt.Errorf("it is a Sentinel and has no keys: give sqs.WithLockNodes a redis.NewFailoverClient")
	case mode == "cluster", mode == "" && redirects(ctx, client):
		return fmt.Errorf("it is a node of a Redis Cluster and has a part of the keys: " +
			"give sqs.WithLockNodes a redis.ClusterClient, or name servers that are no cluster")
	}
	return nil
}

// modeOf is standalone, cluster or sentinel; empty where the server does not tell.
func modeOf(ctx context.Context, client redis.UniversalClient) string {
	if reply, err := client.Do(ctx, "hello").Result(); err == nil {
		if mode := helloMode(reply); mode != "" {
			return mode
		}
	}
	info, err := client.Info(ctx).Result()
	switch {
	case err != nil:
		return ""
	case field(info, "cluster_enabled:") == "1":
		return "cluster"
	}
	return field(info, "redis_mode:")
}

// helloMode reads the answer to HELLO, which is a map in RESP3 and a flat list in RESP2.
func helloMode(reply any) string {
	switch r := reply.(type) {
	case map[any]any:
		mode, _ := r["mode"].(string)
		return mode
	case []any:
		for i := 0; i+1 < len(r); i += 2 {
			if r[i] == "mode" {
				mode, _ := r[i+1].(string)
				return mode
			}
		}
	}
	return ""
}

// slotsTried is how many keys show a server that has a part of the slots: one that has half of them is missed once
// in 65,536.
const slotsTried = 16

// redirects reports whether the client passes on that a key is somewhere else.
func redirects(ctx context.Context, client redis.UniversalClient) bool {
	pipe := client.Pipeline()
	for range slotsTried {
		pipe.Get(ctx, probePrefix+newToken())
	}
	replies, _ := pipe.Exec(ctx) // each reply has its error
	for _, reply := range replies {
		err := reply.Err()
		_, moved := redis.IsMovedError(err)
		_, asked := redis.IsAskError(err)
		if moved || asked || redis.IsClusterDownError(err) {
			return true
		}
	}
	return false
}

// twins is, for each client, another one whose key it has found; -1 where there is none.
func twins(ctx context.Context, clients []redis.UniversalClient) []int {
	key, token := probePrefix+newToken(), newToken()
	found := make([]int, len(clients))
	set := make([]bool, len(clients))
	each(clients, func(i int, client redis.UniversalClient) {
		found[i] = -1
		set[i], _ = client.SetNX(ctx, key, token+strconv.Itoa(i), 2*inspectWait).Result()
	})
	each(clients, func(i int, client redis.UniversalClient) {
		value, _ := client.Get(ctx, key).Result()
		number, ours := strings.CutPrefix(value, token)
		if twin, err := strconv.Atoi(number); ours && err == nil && twin != i {
			found[i] = twin
		}
	})
	each(clients, func(i int, client redis.UniversalClient) {
		if set[i] {
			_ = client.Del(ctx, key).Err() // else it ends by itself
		}
	})
	return found
}
