// Package iniesta is the application around package sqs and package sns: it reads from the settings what a
// service is, checks at the start that its topic, queue, subscription and permissions are right, receives
// until it is told to stop, and answers health checks.
//
//	var _ = sqs.Handler(func(ctx context.Context, m *sqs.Message) error {
//		log.Println(m.Event(), m.Body())
//		return nil
//	}, "UserUpdated.user")
//
//	func main() {
//		ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
//		defer stop()
//		if err := iniesta.Run(ctx); err != nil {
//			log.Fatal(err)
//		}
//	}
//
// What the service is comes from INIESTA_INITIALIZATION_TYPE, as in Python:
//
//	SNS_PRODUCER   the topic has to exist; App.SNS publishes to it
//	QUEUE_POLLING  the queue has to exist; App.SQS receives from it
//	EVENT_POLLING  the queue has to be subscribed to the topic with the filters of the settings, and its
//	               policy to let the topic send; App.SQS receives from it
//	CUSTOM         nothing is done; the settings are read
//
// A service with an HTTP server of its own uses [InitApp], [App.Start], [App.Stop] and
// [App.HealthHandler]. With INIESTA_DRY_RUN nothing is checked and nothing received. [Diagnose] checks
// more, and is what the command iniesta doctor prints.
package iniesta
