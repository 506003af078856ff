package policy

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
)

// principal is who a statement is about.
type principal map[string]list[string]

// UnmarshalJSON reads "*" too, which stands for everybody.
func (p *principal) UnmarshalJSON(text []byte) error {
	var everybody string
	if json.Unmarshal(text, &everybody) == nil {
		*p = principal{"AWS": {everybody}}
		return nil
	}
	return json.Unmarshal(text, (*map[string]list[string])(p))
}

// includes says whether the service is meant: by name, or with everybody.
func (p principal) includes(who *sender) Verdict {
	if slices.Contains(p["AWS"], "*") || slices.Contains(p["Service"], "*") {
		return verdict(true)
	}
	return anyOf(each(p["Service"], who.isCalled)...)
}

// sender is SNS as it sends messages of a topic to a queue.
type sender struct {
	names    []string // that it certainly has
	possible []string // that it may have, by what is documented
}

const (
	globalName = "sns.amazonaws.com"
	osaka      = "ap-northeast-3" // which SNS lists among the opt-in regions, and the account documentation does not
)

// senderOf follows "Sending Amazon SNS messages to an Amazon SQS queue in a different Region" of the SNS guide. Where
// one of the regions has to be opted into, the name of SNS has that region.
func senderOf(topicARN, queueARN string) *sender {
	topic, queue := fieldsOf(topicARN), fieldsOf(queueARN)
	from, to := regional(topic.region), regional(queue.region)
	s := &sender{}
	switch there, here := optIn(topic), optIn(queue); {
	case topic.region == queue.region && there:
		s.names = []string{globalName, from}
	case topic.region == queue.region:
		s.names, s.possible = []string{globalName}, []string{from}
	case topic.region == osaka || queue.region == osaka || there && here:
		s.possible = []string{globalName, from, to}
	case there:
		s.names = []string{from}
	case here:
		s.names, s.possible = []string{to}, []string{globalName}
	default:
		s.names, s.possible = []string{globalName}, []string{from, to}
	}
	if topic.partition == "aws-cn" {
		s.possible = append(s.possible, globalName+".cn", from+".cn")
	}
	return s
}

func (s *sender) isCalled(name string) Verdict {
	switch {
	case slices.Contains(s.names, name):
		return verdict(true)
	case slices.Contains(s.possible, name):
		return undecided(fmt.Sprintf("it is not documented whether SNS is %s there", name))
	}
	return verdict(false)
}

// name is what a policy calls the service best.
func (s *sender) name() string {
	if len(s.names) > 0 {
		return s.names[0]
	}
	return s.possible[len(s.possible)-1] // of the queue's region
}

func regional(region string) string { return "sns." + region + ".amazonaws.com" }

// enabled are the regions of every account; the others of the partition aws have to be opted into.
var enabled = []string{
	"us-east-1", "us-east-2", "us-west-1", "us-west-2", "ca-central-1", "sa-east-1", "eu-central-1", "eu-west-1", "eu-west-2",
	"eu-west-3", "eu-north-1", "ap-south-1", "ap-northeast-1", "ap-northeast-2", osaka, "ap-southeast-1", "ap-southeast-2",
}

func optIn(f fields) bool {
	return f.partition == "aws" && strings.Count(f.region, "-") == 2 && !slices.Contains(enabled, f.region)
}
