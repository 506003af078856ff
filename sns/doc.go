// Package sns publishes events to an SNS topic, as Python's iniesta does.
//
//	if err := sns.Initialize(ctx); err != nil {
//		return err
//	}
//	message, err := sns.CreateMessage("UserUpdated", user)
//	if err != nil {
//		return err
//	}
//	return message.Publish(ctx)
//
// The event is published as "UserUpdated.{SERVICE_NAME}", in the attribute that
// INIESTA_SNS_EVENT_KEY names, beside the number attribute "version".
//
// [PublishEvent] publishes what an HTTP handler answered, where it was answered whole. A message that SNS would drop
// or refuse (more than ten attributes, more than [MaxSize]) is refused before the call.
//
// Settings come from the environment (INIESTA_*, see package config) or from options. The package's
// functions use [SNSClient], the default client; [New] makes others.
package sns
