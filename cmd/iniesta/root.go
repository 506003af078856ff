package main

import (
	"context"
	"fmt"
	"log/slog"
	"os"

	"github.com/redis/go-redis/v9"
	"github.com/spf13/cobra"

	"github.com/seed08532102/iniesta/internal/envfile"
)

func newRoot() *cobra.Command {
	var envFiles []string
	var verbose bool
	root := &cobra.Command{
		Use:   "iniesta",
		Short: "Consume and publish events with SNS and SQS",
		Long: `iniesta shows what a service is, finds out what is wrong with its set-up and makes it, publishes and sends
for tests, runs AWS and Redis on this machine, and looks after queues.

The settings are those of the service: INIESTA_* of the environment, or of files named by --env-file,
which do not override the environment. A line of such a file is NAME=value. The value is taken as it is, $ too;
quotes around it are taken off, and # begins a comment after a space.`,
		Example: `  iniesta doctor --env-file production.env
  iniesta local
  iniesta publish -e UserUpdated.user -m '{"id": 7}'`,
		SilenceUsage:  true,
		SilenceErrors: true,
		PersistentPreRunE: func(cmd *cobra.Command, _ []string) error {
			level := slog.LevelWarn
			if verbose {
				level = slog.LevelDebug
			}
			redis.SetLogger(redisLog{})
			slog.SetDefault(slog.New(slog.NewTextHandler(cmd.ErrOrStderr(), &slog.HandlerOptions{Level: level})))
			return loadEnvFiles(envFiles)
		},
	}
	root.PersistentFlags().StringArrayVar(&envFiles, "env-file", nil, "read settings from this file, as NAME=value; may be repeated, the first one wins")
	root.PersistentFlags().BoolVar(&verbose, "verbose", false, "log what the library does to stderr")
	root.AddCommand(
		newInitializationType(), newFilterPolicies(), newPublish(), newSend(),
		newDoctor(), newSetup(), newLocal(), newTail(), newPeek(), newRedrive(), newPort(),
	)
	return root
}

// redisLog has go-redis, which logs each connection that fails, log at debug level and escaped.
type redisLog struct{}

// Printf is called by go-redis.
func (redisLog) Printf(ctx context.Context, format string, v ...any) {
	slog.DebugContext(ctx, fmt.Sprintf(format, v...))
}

// loadEnvFiles adds to the environment what the files have and it has not.
func loadEnvFiles(paths []string) error {
	for _, path := range paths {
		values, err := envfile.Read(path)
		if err != nil {
			return err
		}
		for name, value := range values {
			if os.Getenv(name) != "" { // an empty value is an unset one
				continue
			}
			if err := os.Setenv(name, value); err != nil {
				return fmt.Errorf("reading --env-file %s: %s: %w", path, name, err)
			}
		}
	}
	return nil
}
