package conformance

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/seed08532102/iniesta/internal/localaws"
)

// differences are where the embedded servers differ from AWS.
var differences = [][2]string{
	{"Signatures of requests", "are not checked. The access key and the region in them are read: each region has queues and topics of its own, and an access key of twelve digits is the account. The URL of a queue names its account and no region: the caller's counts"},
	{"Permissions", "of callers are not checked. A topic sends to a queue only where the queue's policy lets it, as with AWS; policies of topics are kept and mean nothing"},
	{"Encryption", "attributes are kept and mean nothing"},
	{"Subscriptions", "are of queues, and of http endpoints on the loopback; https, email, phones, Lambda and Firehose are refused"},
	{"Message archives", "(ArchivePolicy, ReplayPolicy), and the calls listed as absent, are refused"},
	{"Standard queues", "give out messages in the order in which they became visible, and each once unless a visibility timeout ends; AWS does neither for sure"},
	{"A delete with an older receipt handle", "deletes nothing, as AWS documents; AWS was seen to delete the message all the same"},
	{"Attributes and filter policies", "have their effect at once, but for DeduplicationScope, which takes the minute that AWS documents"},
	{"Error messages about JSON", "have no position in the text"},
	{"Quotas", "of calls per second, of topics and of subscriptions are not enforced; those of messages, batches, attributes, policies and messages in flight are"},
	{"After a restart with --data", "running message move tasks, deduplication ids of FIFO topics and the minute after DeleteQueue and PurgeQueue are forgotten; the keys of Redis are not kept"},
}

// Document is docs/local.md.
func Document() string {
	var b strings.Builder
	b.WriteString(introduction)
	writeOperations(&b)
	writeDifferences(&b)
	b.WriteString(answers)
	about := ""
	for _, c := range Cases() {
		if c.About != about {
			about = c.About
			fmt.Fprintf(&b, "\n### %s\n\n| asked | AWS answers | known from |\n| --- | --- | --- |\n", about)
		}
		want := "`" + c.Want + "`"
		if c.Text != "" {
			want += ": " + c.Text
		}
		fmt.Fprintf(&b, "| %s | %s | %s |\n", cell(c.What), cell(want), cell(c.Source))
	}
	return b.String()
}

func cell(text string) string { return strings.NewReplacer("|", `\|`, "\n", " ").Replace(text) }

func writeOperations(b *strings.Builder) {
	queues, topics := localaws.Operations()
	fmt.Fprintf(b, "\n## Operations\n\nSQS, all %d, in AWS JSON and in the query protocol of SDKs of before 2024:\n%s.\n", len(queues), strings.Join(queues, ", "))
	fmt.Fprintf(b, "\nSNS, %d: %s.\n\nAbsent, and refused as `InvalidAction` with the reason:\n\n", len(topics), strings.Join(topics, ", "))
	byReason := make(map[string][]string)
	for _, name := range slices.Sorted(maps.Keys(localaws.Absent)) {
		byReason[localaws.Absent[name]] = append(byReason[localaws.Absent[name]], name)
	}
	for _, reason := range slices.Sorted(maps.Keys(byReason)) {
		fmt.Fprintf(b, "- %s: %s\n", reason, strings.Join(byReason[reason], ", "))
	}
}

func writeDifferences(b *strings.Builder) {
	b.WriteString("\n## Where they differ from AWS\n\n")
	for _, d := range differences {
		fmt.Fprintf(b, "- %s %s.\n", d[0], d[1])
	}
}

const introduction = `# The local SQS and SNS

` + "`iniesta local`" + ` runs an SQS and an SNS on one port of 127.0.0.1, and three Redis nodes, without containers. Every SDK and tool for AWS
reaches them: name the port as the endpoint (` + "`AWS_ENDPOINT_URL`" + `) and give any credentials. The same servers are behind the examples and
this project's own tests.

` + "```sh" + `
iniesta local                                          # ports 4566 and 6391 to 6393; nothing is kept
iniesta local --data .iniesta --seed resources.yaml    # kept over a restart, with resources of a file
eval "$(iniesta local --print-env)"                    # the environment, in another terminal
curl http://127.0.0.1:4566/health                      # {"status":"ok","services":["sqs","sns"],"queues":2,"topics":1}
` + "```" + `

Only the loopback is listened on, and requests for other hosts or from web pages of elsewhere are refused.

## Resources of a file

` + "`--seed`" + ` names a file in YAML or JSON. Queues, topics and subscriptions that it has are made, or changed where they are there already; what
it does not have stays. The policy of a queue lets the topics send that it is subscribed to. Names that end in .fifo are FIFO.

` + "```yaml" + `
queues:
  - name: orders
    attributes: {VisibilityTimeout: 60}    # any that SQS has
    deadLetterQueue: orders-dead           # another of the file
    maxReceiveCount: 5                     # 5 where it is not given
    tags: {team: shop}
  - name: orders-dead
topics:
  - name: events
    attributes: {DisplayName: Events}      # any that SNS has
    subscriptions:
      - queue: orders
        raw: true                          # true where it is not given
        filter: {iniesta_pass: [{prefix: "Order."}]}
        filterScope: MessageAttributes     # or MessageBody
        deadLetterQueue: orders-dead       # for what cannot be delivered
` + "```" + `

## Data over a restart

` + "`--data`" + ` names a directory. Queues with their attributes, tags and messages, and topics with their subscriptions, are there again at the
next start: messages in flight stay so until their visibility timeout ends, receipt handles stay valid, receive counts go on. Every
change is written before its call is answered. The file ` + "`iniesta-local.db`" + ` is a [bbolt](https://go.etcd.io/bbolt) database with one bucket,
` + "`localaws`" + `; its keys are queue/ARN, topic/ARN, message/ARN/id and deduplication/ARN/id, its values JSON. It survives the end of
the process, however that ends; what the operating system had not brought to the disk is lost with the machine. One process uses a
directory at a time.

## Envelopes and endpoints

Without raw delivery messages come in SNS's envelope, signed with a key of the process's own: SigningCertURL and UnsubscribeURL are
URLs of the server, in SignatureVersion 1, or 2 where the topic says so. Subscriptions of the protocol http are confirmed by a token,
through SubscribeURL or ConfirmSubscription, and delivered to with the retries of the topic's delivery policy. What cannot be
delivered goes to the dead-letter queue of the subscription's RedrivePolicy.

## Load

100,000 messages of 256 bytes are sent, lie in one queue and are received and deleted, ten to a call, by four clients on the same two
cores as the server; one run of ` + "`go run ./internal/localaws/load`" + `, one server after the other:

| server | send /s | receive and delete /s | memory empty | memory with the messages |
| --- | --- | --- | --- | --- |
| iniesta local | 85,100 | 58,000 | 21 MiB | 130 MiB |
| iniesta local --data | 24,200 | 14,000 | 22 MiB | 226 MiB, and 80 MiB on disk |
| fauxqs 1.9.2 | 37,600 | 16,400 | 76 MiB | 154 MiB |
| moto 5.2.1 (ended after a minute, with 2,900 messages) | 48 | 9 | 74 MiB | 79 MiB |
`

const answers = `
## What AWS answers

The servers are held to this table by a test. A row without a text is known by its code alone.
"localstack tests/..." is a test in the public repository localstack/localstack whose snapshot was recorded from AWS.
Another server is asked the same with
` + "`go run ./internal/localaws/conformance/report URL`" + `.
`
