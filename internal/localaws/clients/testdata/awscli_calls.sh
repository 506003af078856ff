# What a shell does with SQS and SNS, through the AWS CLI.
set -euo pipefail
call() { aws --endpoint-url "$ENDPOINT" --output text "$@"; }

url=$(call sqs create-queue --queue-name orders --attributes VisibilityTimeout=5 --tags team=shop --query QueueUrl)
arn=$(call sqs get-queue-attributes --queue-url "$url" --attribute-names QueueArn --query Attributes.QueueArn)
[ "$arn" = arn:aws:sqs:us-east-1:000000000000:orders ]
call sqs send-message --queue-url "$url" --message-body hello >/dev/null
handle=$(call sqs receive-message --queue-url "$url" --query 'Messages[0].ReceiptHandle')
call sqs change-message-visibility --queue-url "$url" --receipt-handle "$handle" --visibility-timeout 0
[ "$(call sqs receive-message --queue-url "$url" --attribute-names ApproximateReceiveCount --query 'Messages[0].Attributes.ApproximateReceiveCount')" = 2 ]
call sqs delete-message --queue-url "$url" --receipt-handle "$handle"
[ "$(call sqs list-queue-tags --queue-url "$url" --query Tags.team)" = shop ]

topic=$(call sns create-topic --name events --query TopicArn)
call sqs add-permission --queue-url "$url" --label other --aws-account-ids 111111111111 --actions ReceiveMessage
subscription=$(call sns subscribe --topic-arn "$topic" --protocol sqs --notification-endpoint "$arn" --query SubscriptionArn)
call sns set-subscription-attributes --subscription-arn "$subscription" --attribute-name RawMessageDelivery --attribute-value true
[ "$(call sns list-subscriptions --query 'Subscriptions[0].Endpoint')" = "$arn" ]
call sns publish --topic-arn "$topic" --message hello --subject Hi >/dev/null
call sns publish --target-arn "$topic" --message hello >/dev/null
if call sns publish --topic-arn "$topic" --message '' 2>error; then exit 1; fi
grep -q 'InvalidParameter.*Empty message' error
call sns unsubscribe --subscription-arn "$subscription"
call sns delete-topic --topic-arn "$topic"
call sqs purge-queue --queue-url "$url"
call sqs delete-queue --queue-url "$url"
aws --version
