package main

import (
	"cmp"
	"context"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
	"unicode"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/aws/middleware"
	awssns "github.com/aws/aws-sdk-go-v2/service/sns"
	smithyhttp "github.com/aws/smithy-go/transport/http"
	"github.com/spf13/cobra"

	"github.com/seed08532102/iniesta/iniesta/config"
	"github.com/seed08532102/iniesta/internal/terminal"
	"github.com/seed08532102/iniesta/sns"
)

func newPublish() *cobra.Command {
	var event, body string
	var version int
	cmd := &cobra.Command{
		Use:   "publish -e EVENT",
		Short: "Publish an event to the topic",
		Long: `Publish an event to the topic of INIESTA_SNS_PRODUCER_GLOBAL_TOPIC_ARN, to try things out. The event is
published as it is, without the service's name. What is printed is what Python's iniesta prints.`,
		Example: `  iniesta publish -e UserUpdated.user
  iniesta publish -e UserUpdated.user -m '{"id": 7}' -v 2`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return publish(cmd.Context(), cmd.OutOrStdout(), event, cmp.Or(body, "{}"), cmp.Or(version, 1))
		},
	}
	cmd.Flags().StringVarP(&event, "event", "e", "", "event to publish into SNS (required)")
	cmd.Flags().StringVarP(&body, "message", "m", "{}", "message body to publish into SNS; an empty one is {}")
	cmd.Flags().IntVarP(&version, "version", "v", 1, "version to publish into SNS; 0 is 1")
	_ = cmd.MarkFlagRequired("event") // fails for a flag that is not there
	return cmd
}

func publish(ctx context.Context, out io.Writer, event, body string, version int) error {
	c, err := config.Load(config.NoLocks)
	if err != nil {
		return err
	}
	aws, err := openServices(ctx, c)
	if err != nil {
		return err
	}
	measured := &measuredAPI{Client: aws.topics}
	client := sns.New(sns.WithConfig(c), sns.WithAPI(measured))
	if err := client.Initialize(ctx); err != nil {
		return err
	}
	m, err := client.CreateMessage(event, body, sns.WithVersion(version), sns.WithRawEvent())
	if err != nil {
		return err
	}
	if err := m.Publish(ctx); err != nil {
		return err
	}
	names := append([]string{c.EventKey}, slices.DeleteFunc(slices.Sorted(maps.Keys(m.Attributes)), func(n string) bool { return n == c.EventKey })...)
	body = terminal.Lines(m.Body) // the caller's own text: as Python prints it, in its lines
	if _, err := terminal.Fprintf(out, "Publish Success!\n\n\nREQUEST INFO\nMessage Event : %s\nMessage Data : %s\nFull Payload : %s\nMessage Length : %d\n",
		m.Event(), terminal.Styled(body), pythonPayload(m, names), len(payloadJSON(m, names))); err != nil {
		return err
	}
	_, err = terminal.Fprintf(out, "\n\nRESPONSE INFO\nMessage ID : %s\nMessage Length : %d\n", m.MessageID, measured.length)
	return err
}

// measuredAPI keeps how long the response of a publish was.
type measuredAPI struct {
	*awssns.Client
	length int64
}

func (a *measuredAPI) Publish(ctx context.Context, in *awssns.PublishInput, opts ...func(*awssns.Options)) (*awssns.PublishOutput, error) {
	out, err := a.Client.Publish(ctx, in, opts...)
	if err == nil {
		if r, ok := middleware.GetRawResponse(out.ResultMetadata).(*smithyhttp.Response); ok {
			a.length = r.ContentLength
		}
	}
	return out, err
}

// pythonPayload is the message as Python prints its dict.
func pythonPayload(m *sns.Message, names []string) string {
	var attributes []string
	for _, name := range names {
		v := m.Attributes[name]
		attributes = append(attributes, fmt.Sprintf("%s: {'DataType': %s, 'StringValue': %s}",
			pythonText(name), pythonText(aws.ToString(v.DataType)), pythonText(aws.ToString(v.StringValue))))
	}
	return fmt.Sprintf("{'MessageAttributes': {%s}, 'Message': %s, 'MessageStructure': 'string'}",
		strings.Join(attributes, ", "), pythonText(m.Body))
}

// pythonText is a string as Python's repr writes it.
func pythonText(text string) string {
	quote := '\''
	if strings.ContainsRune(text, '\'') && !strings.ContainsRune(text, '"') {
		quote = '"'
	}
	var b strings.Builder
	b.WriteRune(quote)
	for _, r := range text {
		switch {
		case r == quote || r == '\\':
			b.WriteRune('\\')
			b.WriteRune(r)
		case r == '\n':
			b.WriteString(`\n`)
		case r == '\r':
			b.WriteString(`\r`)
		case r == '\t':
			b.WriteString(`\t`)
		case r < ' ' || r == 0x7F:
			fmt.Fprintf(&b, `\x%02x`, r)
		case unicode.IsPrint(r):
			b.WriteRune(r)
		case r <= 0xFF:
			fmt.Fprintf(&b, `\x%02x`, r)
		case r <= 0xFFFF:
			fmt.Fprintf(&b, `\u%04x`, r)
		default:
			fmt.Fprintf(&b, `\U%08x`, r)
		}
	}
	b.WriteRune(quote)
	return b.String()
}

// payloadJSON is the message as ujson writes it, whose length Python prints.
func payloadJSON(m *sns.Message, names []string) string {
	var attributes []string
	for _, name := range names {
		v := m.Attributes[name]
		attributes = append(attributes, fmt.Sprintf(`%s:{"DataType":%s,"StringValue":%s}`,
			ujsonText(name), ujsonText(aws.ToString(v.DataType)), ujsonText(aws.ToString(v.StringValue))))
	}
	return fmt.Sprintf(`{"MessageAttributes":{%s},"Message":%s,"MessageStructure":"string"}`, strings.Join(attributes, ","), ujsonText(m.Body))
}

// ujsonText is a string as ujson writes it: in ASCII but for U+007F, with slashes escaped.
func ujsonText(text string) string {
	return strings.NewReplacer(`\\`, `\\`, "/", `\/`, `\u007f`, "\x7f").Replace(asciiText(text))
}
