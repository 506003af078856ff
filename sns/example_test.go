package sns_test

import (
	"context"
	"fmt"
	"net/http"

	"github.com/aws/aws-sdk-go-v2/aws"
	awssns "github.com/aws/aws-sdk-go-v2/service/sns"

	"github.com/seed08532102/iniesta/iniesta/config"
	"github.com/seed08532102/iniesta/sns"
)

// printer prints what is published, in place of SNS.
var printer = &api{publish: func(in *awssns.PublishInput) (*awssns.PublishOutput, error) {
	fmt.Println(*in.MessageAttributes["iniesta_pass"].StringValue, *in.Message)
	return &awssns.PublishOutput{MessageId: aws.String("1")}, nil
}}

func settings() config.Config {
	c := config.Default() // config.Load, from the environment, where nothing is given
	c.ServiceName, c.GlobalTopicARN = "user", "arn:aws:sns:eu-west-1:123456789012:events"
	return c
}

func Example() {
	ctx := context.Background()
	client := sns.New(sns.WithConfig(settings()), sns.WithAPI(printer))
	if err := client.Initialize(ctx); err != nil {
		fmt.Println(err)
		return
	}
	message, err := client.CreateMessage("UserUpdated", map[string]any{"id": 7}, sns.WithAttribute("tenant", "acme"))
	if err != nil {
		fmt.Println(err)
		return
	}
	if err := message.Publish(ctx); err != nil {
		fmt.Println(err)
	}
	// Output: UserUpdated.user {"id":7}
}

func ExampleClient_PublishEvent() {
	client := sns.New(sns.WithConfig(settings()), sns.WithAPI(printer))
	if err := client.Initialize(context.Background()); err != nil {
		fmt.Println(err)
		return
	}
	update := func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, `{"id":7}`) }
	mux := http.NewServeMux()
	mux.Handle("PUT /users/7", client.PublishEvent("UserUpdated")(http.HandlerFunc(update)))
}
