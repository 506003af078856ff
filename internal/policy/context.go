package policy

import (
	"slices"
	"strconv"
	"strings"
	"time"
)

// context is what a request says of itself: condition keys in lower case.
type context map[string]value

// value is what a condition key has.
type value struct {
	texts   []string
	several bool // a key that has several values
	guessed bool // it has these values, or is left out
	hidden  bool // it may have any value, or is left out
}

// known reports whether the value, or that there is none, is certain.
func (v value) known() bool { return !v.guessed && !v.hidden }

func single(text string) value { return value{texts: []string{text}} }

// absent are the keys that a message of SNS certainly does not have: it belongs to no identity, organization or
// session, and comes through no VPC endpoint. Those with a slash at the end begin so.
var absent = []string{
	"aws:sourcevpce", "aws:sourcevpc", "aws:sourcevpcarn", "aws:vpcsourceip", "aws:vpceaccount", "aws:vpceorgid", "aws:vpceorgpaths",
	"aws:principalorgid", "aws:principalorgpaths", "aws:principaltag/", "aws:username", "aws:multifactorauthpresent", "aws:multifactorauthage",
	"aws:federatedprovider", "aws:tokenissuetime", "aws:sourceidentity", "aws:assumedroot", "aws:calledvia", "aws:calledviafirst", "aws:calledvialast",
	"aws:referer", "aws:requesttag/", "aws:tagkeys", "aws:ec2instancesourcevpc", "aws:ec2instancesourceprivateipv4", "aws:rolesessionname",
}

// contextOf is what SNS says when it sends a message of a topic to a queue. The keys that are not listed depend on
// what is not known here: the organization, tags of the queue, the addresses of SNS.
func contextOf(topicARN, queueARN string, now time.Time) context {
	topic, queue, who := fieldsOf(topicARN), fieldsOf(queueARN), senderOf(topicARN, queueARN)
	c := context{
		"aws:sourcearn":             single(topicARN),
		"aws:sourceaccount":         single(topic.account),
		"aws:sourceowner":           {texts: []string{topic.account}, guessed: true}, // an older name of the same
		"aws:securetransport":       single("true"),
		"aws:principalisawsservice": single("true"),
		"aws:viaawsservice":         single("false"),
		"aws:resourceaccount":       single(queue.account),
		"aws:requestedregion":       single(queue.region),
		"aws:currenttime":           single(now.UTC().Format(time.RFC3339)),
		"aws:epochtime":             single(strconv.FormatInt(now.Unix(), 10)),
	}
	if len(who.names) > 0 {
		c["aws:principalservicename"] = single(who.names[0])
		c["aws:principalservicenameslist"] = value{texts: slices.Concat(who.names, who.possible), several: true}
	}
	return c
}

// value is what a key has. One that is not listed may have any value.
func (c context) value(key string) value {
	key = strings.ToLower(key)
	if v, ok := c[key]; ok {
		return v
	}
	if len(c) > 0 && slices.ContainsFunc(absent, func(a string) bool { return key == a || strings.HasSuffix(a, "/") && strings.HasPrefix(key, a) }) {
		return value{}
	}
	return value{hidden: true}
}
