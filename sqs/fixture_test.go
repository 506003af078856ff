package sqs_test

import (
	"context"

	"github.com/aws/aws-sdk-go-v2/aws"
	awssqs "github.com/aws/aws-sdk-go-v2/service/sqs"

	"github.com/seed08532102/iniesta/iniesta/config"
	"github.com/seed08532102/iniesta/sqs"
)

// testConfig are settings that need no environment.
func testConfig() config.Config {
	c := config.Default()
	c.QueueName, c.ServiceName = "orders", "shop"
	c.AWSAccessKeyID, c.AWSSecretAccessKey = "key", config.NewSecret("secret")
	return c
}

// stubAPI knows every queue and nothing else.
type stubAPI struct{ sqs.API }

func (stubAPI) GetQueueUrl(_ context.Context, in *awssqs.GetQueueUrlInput, _ ...func(*awssqs.Options)) (*awssqs.GetQueueUrlOutput, error) {
	return &awssqs.GetQueueUrlOutput{QueueUrl: aws.String("http://127.0.0.1/" + *in.QueueName)}, nil
}

func (stubAPI) GetQueueAttributes(context.Context, *awssqs.GetQueueAttributesInput, ...func(*awssqs.Options)) (*awssqs.GetQueueAttributesOutput, error) {
	return &awssqs.GetQueueAttributesOutput{Attributes: map[string]string{"VisibilityTimeout": "30"}}, nil
}
