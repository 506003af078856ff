package conformance

import (
	"fmt"
	"strings"
)

// refusedFilters are filter policies of message attributes that SNS refuses, with what it says.
var refusedFilters = []struct{ what, policy, says, source string }{
	{"a list as a value", `{"key":[["value"]]}`, "Match value must be String, number, true, false, or null", "test_validate_policy"},
	{"an operator that there is not", `{"key":[{"wrong-operator":true}]}`, "Unrecognized match type wrong-operator", "test_validate_policy"},
	{"two operators in a rule", `{"key":[{"suffix":"v","prefix":"v"}]}`, "Only one key allowed in match expression", "test_validate_policy"},
	{"no values", `{"key":[]}`, "Empty arrays are not allowed", "test_validate_policy_string_operators"},
	{"a suffix that is no text", `{"key":[{"suffix":100}]}`, "suffix match pattern must be a string", "test_validate_policy_string_operators"},
	{"a rule outside of a list", `{"key":{"suffix":"value"}}`, `"suffix" must be an object or an array`, "test_validate_policy_string_operators"},
	{"a suffix that is a list", `{"key":[{"suffix":[]}]}`, "suffix match pattern must be a string", "test_validate_policy_string_operators"},
	{"cidr without a slash", `{"key":[{"cidr":"bad-filter"}]}`, "Malformed CIDR, one '/' required", "test_validate_policy_string_operators"},
	{"cidr of no address", `{"key":[{"cidr":"xx.11.xx/8"}]}`, "Nonstandard IP address: xx.11.xx", "test_validate_policy_string_operators"},
	{"numeric of nothing", `{"key":[{"numeric":[]}]}`, "Invalid member in numeric match: ]", "test_validate_policy_numeric_operator"},
	{"numeric of an operator that there is not", `{"key":[{"numeric":["operator"]}]}`, "Unrecognized numeric range operator: operator", "test_validate_policy_numeric_operator"},
	{"numeric the wrong way round", `{"key":[{"numeric":[1,"<="]}]}`, "Invalid member in numeric match: 1", "test_validate_policy_numeric_operator"},
	{"numeric with a text", `{"key":[{"numeric":["=","000"]}]}`, "Value of equals must be numeric", "test_validate_policy_numeric_operator"},
	{"a range from its top", `{"key":[{"numeric":["<",100,">",10]}]}`, "Too many elements in numeric expression", "test_validate_policy_numeric_operator"},
	{"a range without a top", `{"key":[{"numeric":[">=",1,">",2]}]}`, "Bad numeric range operator: >", "test_validate_policy_numeric_operator"},
	{"a range of nothing", `{"key":[{"numeric":[">",3,"<",1]}]}`, "Bottom must be less than top", "test_validate_policy_numeric_operator"},
	{"a range without its second operator", `{"key":[{"numeric":[">",20,30]}]}`, "Bad value in numeric range: 30", "test_validate_policy_numeric_operator"},
	{"a range of three", `{"key":[{"numeric":[">",20,"<",30,"<",50]}]}`, "Too many terms in numeric range expression", "test_validate_policy_numeric_operator"},
	{"exists of null", `{"key":[{"exists":null}]}`, "exists match pattern must be either true or false.", "test_validate_policy_exists_operator"},
	{"anything-but a suffix", `{"key":[{"anything-but":{"suffix":"test"}}]}`, "Unsupported anything-but pattern: suffix", "test_validate_policy_nested_anything_but_operator"},
	{"anything-but exists", `{"key":[{"anything-but":{"exists":false}}]}`, "Unsupported anything-but pattern: exists", "test_validate_policy_nested_anything_but_operator"},
	{"151 values", `{"key":[` + values(151) + `]}`, "Filter policy is too complex", "test_policy_complexity"},
	{"100 and 51 values", `{"key1":[` + values(100) + `],"key2":[` + values(51) + `]}`, "Filter policy is too complex", "test_policy_complexity"},
	{"six keys", `{"a":["1"],"b":["1"],"c":["1"],"d":["1"],"e":["1"],"f":["1"]}`, "Filter policy can not have more than 5 keys", "test_policy_complexity"},
	{"152 combinations with $or", `{"source":["1","2","3","4"],"$or":[{"a":["1","2","3","4","5","6"]},{"b":["1","2","3","4"],"$or":[{"c":[1,2,3,4]},{"d":[1,2,3,4]}]}]}`, "Filter policy is too complex", "test_policy_complexity_with_or"},
	{"no JSON", `notjson`, "failed to parse JSON.", "test_subscribe_invalid_filter_policy"},
}

// takenFilters are filter policies of message attributes that SNS takes.
var takenFilters = []struct{ what, policy, source string }{
	{"150 values", `{"key":[` + values(150) + `]}`, filtered + "test_policy_complexity"},
	{"150 combinations with $or", `{"source":["1","2","3"],"$or":[{"a":["1","2","3","4","5","6"]},{"b":["1","2","3","4"],"$or":[{"c":[1,2,3,4]},{"d":[1,2,3,4,5,6,7]}]}]}`, filtered + "test_policy_complexity_with_or"},
	{"anything-but a prefix", `{"key":[{"anything-but":{"prefix":"test-"}}]}`, filtered + "test_validate_policy_nested_anything_but_operator"},
	{"anything-but a list", `{"key":[{"anything-but":["a","b"]}]}`, topicDoc + "string-value-matching.html"},
	{"a wildcard", `{"key":[{"wildcard":"a*b"}]}`, topicDoc + "string-value-matching.html"},
	{"a block of IP addresses", `{"key":[{"cidr":"10.0.0.0/24"}]}`, topicDoc + "string-value-matching.html"},
	{"anything-but a wildcard", `{"key":[{"anything-but":{"wildcard":"a*"}}]}`, topicDoc + "string-value-matching.html"},
	{"equals-ignore-case", `{"key":[{"equals-ignore-case":"x"}]}`, topicDoc + "string-value-matching.html"},
}

// bodyFilters are filter policies of message bodies, with bodies and what passes of them.
var bodyFilters = []struct {
	what, policy, source string
	passing, others      []string
}{
	{"nested keys and absent ones", `{"object":{"key":[{"prefix":"auto-"},"hardcodedvalue"],"nested_key":[{"exists":false}]},"test":[{"exists":false}]}`, "test_filter_policy_on_message_body",
		[]string{`{"object":{"key":"auto-test"}}`, `{"object":{"key":"hardcodedvalue"}}`},
		[]string{`{"object":{"key":"test-auto"}}`, `{"object":{"key":"auto-test"},"test":"x"}`, `{"object":{"key":"auto-test","nested_key":"x"}}`, `{"test":"x"}`, `text`, `[]`}},
	{"a key with dots is a path", `{"object.nested.test":["string.value"]}`, "test_filter_policy_on_message_body_dot_attribute",
		[]string{`{"object":{"nested":{"test":"string.value"}}}`, `{"object.nested.test":"string.value"}`, `{"object.nested":{"test":"string.value"}}`, `{"object":{"nested.test":"string.value"}}`},
		[]string{`{"object":{"nested":{"test":"string.notvalue"}}}`}},
}

func values(n int) string {
	var all []string
	for i := range n {
		all = append(all, fmt.Sprintf(`"value%d"`, i))
	}
	return strings.Join(all, ",")
}

func filterCases() (all []Case) {
	for _, f := range refusedFilters {
		source := filtered + f.source
		if f.source == "test_subscribe_invalid_filter_policy" {
			source = snsTests + f.source
		}
		all = append(all, Case{About: "Filter policies", What: f.what, Source: source, Want: invalidParameter,
			Text: "Invalid parameter: Attributes Reason: FilterPolicy: " + f.says, run: subscribe("FilterPolicy", f.policy)})
	}
	all = append(all, Case{About: "Filter policies", What: "nested keys, of attributes", Source: filtered + "test_sub_filter_policy_nested_property", Want: invalidParameter,
		Text: "Invalid parameter: Filter policy scope MessageAttributes does not support nested filter policy", run: subscribe("FilterPolicy", `{"key":{"a":{"b":["x"]}}}`)})
	for _, f := range takenFilters {
		all = append(all, Case{About: "Filter policies", What: f.what, Source: f.source, Want: "ok", run: subscribe("FilterPolicy", f.policy)})
	}
	for _, f := range bodyFilters {
		all = append(all, Case{About: "Filter policies", What: "of bodies: " + f.what, Source: filtered + f.source, Want: fmt.Sprintf("%d of %d", len(f.passing), len(f.passing)+len(f.others)),
			run: func(w *world) answer { return w.passing(f.policy, append(f.others, f.passing...)) }})
	}
	return all
}

// passing counts the bodies that a filter lets through.
func (w *world) passing(policy string, bodies []string) answer {
	topic := w.topic()
	q, _ := w.inbox(topic, "RawMessageDelivery", "true", "FilterPolicyScope", "MessageBody", "FilterPolicy", policy)
	for _, body := range bodies {
		w.publish(topic, body).must()
	}
	return saw("%d of %d", len(w.receive(q, "WaitTimeSeconds", 1)), len(bodies))
}
