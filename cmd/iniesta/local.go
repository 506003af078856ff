package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"strconv"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws/arn"
	"github.com/spf13/cobra"

	"github.com/seed08532102/iniesta/iniesta/config"
	"github.com/seed08532102/iniesta/internal/embedded"
	"github.com/seed08532102/iniesta/internal/terminal"
)

func newLocal() *cobra.Command {
	l := &local{}
	cmd := &cobra.Command{
		Use:   "local",
		Short: "Run SQS, SNS and Redis on this machine, for development",
		Long: `Run an SQS and an SNS on a port of 127.0.0.1, and three Redis nodes on the ports from --redis-port on, with the
topic, queue and subscription of the settings made. The environment that services in any language need is
printed first; then it runs until Ctrl-C. GET /health is answered while it does. Nothing is kept on disk unless --data names
a directory: queues, topics and messages are there again at the next start (not the keys of Redis). --seed makes the queues,
topics and subscriptions of a file in YAML or JSON:

  queues:
    - name: orders
      attributes: {VisibilityTimeout: 60}
      deadLetterQueue: orders-dead
      maxReceiveCount: 5
    - name: orders-dead
  topics:
    - name: events
      subscriptions:
        - queue: orders
          filter: {iniesta_pass: [{prefix: "Order."}]}

Other services that develop against it make theirs with iniesta setup --apply.`,
		Example: `  iniesta local
  SERVICE_NAME=shop INIESTA_INITIALIZATION_TYPE=EVENT_POLLING INIESTA_SQS_CONSUMER_FILTERS='User.*' iniesta local
  iniesta local --data .iniesta --seed resources.yaml
  eval "$(iniesta local --print-env)"        # in another terminal`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			l.out = cmd.OutOrStdout()
			if onlyPrint, _ := cmd.Flags().GetBool("print-env"); onlyPrint {
				c, err := config.Load()
				if err != nil {
					return err
				}
				return l.printEnvironment(l.adapt(c))
			}
			return l.run(cmd.Context())
		},
	}
	cmd.Flags().IntVar(&l.port, "port", 4566, "port of SQS and SNS")
	cmd.Flags().IntVar(&l.redisPort, "redis-port", 6391, "first port of the three Redis nodes")
	cmd.Flags().StringVar(&l.data, "data", "", "directory where queues, topics and messages are kept for the next start")
	cmd.Flags().StringVar(&l.seed, "seed", "", "file of queues, topics and subscriptions to make, in YAML or JSON")
	cmd.Flags().Bool("print-env", false, "print the environment of one that runs on these ports, and end")
	return cmd
}

// local is the ports, what is there from the beginning and kept, and where things are printed.
type local struct {
	port, redisPort int
	data, seed      string
	out             io.Writer
}

const (
	localRegion  = "us-east-1"
	localAccount = "000000000000"
	localTopic   = "arn:aws:sns:" + localRegion + ":" + localAccount + ":events"
)

func (l *local) run(ctx context.Context) error {
	c, err := config.Load()
	if err != nil {
		return err
	}
	c = l.adapt(c)
	seed := &embedded.Seed{}
	if l.seed != "" {
		if seed, err = embedded.ReadSeed(l.seed); err != nil {
			return err
		}
	}
	servers, err := embedded.Start(embedded.Options{Region: region(c), Account: account(c), Port: l.port, RedisPort: l.redisPort, Data: l.data})
	if errors.Is(err, embedded.ErrPort) {
		return fmt.Errorf("%w: choose another --port or --redis-port", err)
	}
	if err != nil {
		return err
	}
	defer servers.Close()
	if err := servers.Plant(ctx, seed); err != nil {
		return fmt.Errorf("%s: %w", l.seed, err)
	}
	if err := l.populate(ctx, c); err != nil {
		return err
	}
	if err := l.printEnvironment(c); err != nil {
		return err
	}
	if _, err := terminal.Fprintf(l.out, "# Running until Ctrl-C.\n"); err != nil {
		return err
	}
	<-ctx.Done()
	return nil
}

// adapt points the settings at the local servers. Region and account of a topic stay, so that its ARN does.
func (l *local) adapt(c config.Config) config.Config {
	c.SQSEndpointURL = "http://" + loopback(l.port)
	c.SNSEndpointURL = c.SQSEndpointURL
	c.GlobalTopicARN = cmp.Or(c.GlobalTopicARN, localTopic)
	c.AWSAccessKeyID, c.AWSSecretAccessKey, c.AWSDefaultRegion = "local", config.NewSecret("local"), region(c)
	c.LockNodes = nil
	for i := range embedded.Nodes {
		c.LockNodes = append(c.LockNodes, config.NewRedisURL("redis://"+loopback(l.redisPort+i)+"/0"))
	}
	return c
}

func region(c config.Config) string {
	if topic, err := arn.Parse(c.GlobalTopicARN); err == nil {
		return topic.Region
	}
	return localRegion
}

func account(c config.Config) string {
	if topic, err := arn.Parse(c.GlobalTopicARN); err == nil {
		return topic.AccountID
	}
	return localAccount
}

func loopback(port int) string { return net.JoinHostPort("127.0.0.1", strconv.Itoa(port)) }

// populate makes what the settings have. A service without a name yet has nothing but the topic.
func (l *local) populate(ctx context.Context, c config.Config) error {
	if len(c.InitializationType) == 0 {
		c.InitializationType = []string{"SNS_PRODUCER"}
		if _, err := c.ResolvedQueueName(); err == nil {
			c.InitializationType = append(c.InitializationType, "QUEUE_POLLING")
		}
	}
	s, err := openServices(ctx, c)
	if err != nil {
		return err
	}
	return setUp(ctx, io.Discard, s, c, true)
}

// printEnvironment prints what services have to export, in the syntax of POSIX shells, for eval.
func (l *local) printEnvironment(c config.Config) error {
	var nodes []string
	for _, n := range c.LockNodes {
		nodes = append(nodes, n.Reveal())
	}
	for _, pair := range [][2]string{
		{"INIESTA_SQS_ENDPOINT_URL", c.SQSEndpointURL},
		{"INIESTA_SNS_ENDPOINT_URL", c.SNSEndpointURL},
		{"INIESTA_SNS_PRODUCER_GLOBAL_TOPIC_ARN", c.GlobalTopicARN},
		{"INIESTA_CACHES", strings.Join(nodes, ",")},
		{"AWS_ENDPOINT_URL", c.SQSEndpointURL},
		{"AWS_ACCESS_KEY_ID", "local"},
		{"AWS_SECRET_ACCESS_KEY", "local"},
		{"AWS_DEFAULT_REGION", region(c)},
		{"AWS_REGION", region(c)},
	} {
		if text := pair[1]; terminal.Escape(text) != text {
			return fmt.Errorf("%s has characters that cannot be printed: %q", pair[0], text)
		}
		if _, err := terminal.Fprintf(l.out, "export %s=%s\n", pair[0], terminal.ShellQuote(pair[1])); err != nil {
			return err
		}
	}
	return nil
}
