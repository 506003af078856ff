package localaws

import (
	"maps"
	"slices"
)

// maxTags is how many tags a queue or a topic can have.
const maxTags = 50

func checkTags(tags map[string]string) error {
	if len(tags) > maxTags {
		return invalid("Too many tags added for queue. Maximum %d.", maxTags)
	}
	for key, value := range tags {
		if key == "" || len(key) > 128 || len(value) > 256 {
			return invalid("Tag keys have 1 to 128 characters, and values at most 256.")
		}
	}
	return nil
}

func (r *request) tagQueue(in *struct {
	QueueUrl string
	Tags     map[string]string
}) (any, error) {
	q, err := r.queue(in.QueueUrl)
	if err != nil {
		return nil, err
	}
	if len(in.Tags) == 0 {
		return nil, missingParameter("Tags")
	}
	q.lock()
	defer q.unlock()
	next := maps.Clone(q.tags)
	if next == nil {
		next = make(map[string]string)
	}
	maps.Copy(next, in.Tags)
	if err := checkTags(next); err != nil {
		return nil, err
	}
	q.tags = next
	q.touchQueue()
	return nil, nil
}

func (r *request) untagQueue(in *struct {
	QueueUrl string
	TagKeys  []string
}) (any, error) {
	q, err := r.queue(in.QueueUrl)
	if err != nil {
		return nil, err
	}
	if len(in.TagKeys) == 0 {
		return nil, missingParameter("TagKeys")
	}
	q.lock()
	defer q.unlock()
	maps.DeleteFunc(q.tags, func(key, _ string) bool { return slices.Contains(in.TagKeys, key) })
	q.touchQueue()
	return nil, nil
}

func (r *request) listQueueTags(in *queueURL) (any, error) {
	q, err := r.queue(in.QueueUrl)
	if err != nil {
		return nil, err
	}
	q.lock()
	defer q.unlock()
	return struct {
		Tags map[string]string `json:",omitempty"`
	}{maps.Clone(q.tags)}, nil
}

// tag is a tag as SNS has it.
type tag struct{ Key, Value string }

// tagsOf makes a map of tags. A key must be there once.
func tagsOf(tags []tag) (map[string]string, error) {
	all := make(map[string]string, len(tags))
	for _, t := range tags {
		if _, twice := all[t.Key]; twice {
			return nil, invalidParameter("Duplicated keys are not allowed.")
		}
		if t.Key == "" || len(t.Key) > 128 || len(t.Value) > 256 {
			return nil, invalidParameter("Tags Reason: keys have 1 to 128 characters, and values at most 256")
		}
		all[t.Key] = t.Value
	}
	return all, nil
}

func (r *request) tagTopic(in *struct {
	ResourceArn string
	Tags        []tag
}) (any, error) {
	t, err := r.taggedTopic(in.ResourceArn)
	if err != nil {
		return nil, err
	}
	given, err := tagsOf(in.Tags)
	if err != nil {
		return nil, err
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	next := maps.Clone(t.tags)
	if next == nil {
		next = make(map[string]string)
	}
	maps.Copy(next, given)
	if len(next) > maxTags {
		return nil, refused("TagLimitExceeded", "Could not complete request: tag quota of per resource exceeded")
	}
	t.tags = next
	t.save()
	return &struct{}{}, nil // an element without content
}

func (r *request) untagTopic(in *struct {
	ResourceArn string
	TagKeys     []string
}) (any, error) {
	t, err := r.taggedTopic(in.ResourceArn)
	if err != nil {
		return nil, err
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	maps.DeleteFunc(t.tags, func(key, _ string) bool { return slices.Contains(in.TagKeys, key) })
	t.save()
	return &struct{}{}, nil // an element without content
}

func (r *request) listTopicTags(in *struct{ ResourceArn string }) (any, error) {
	t, err := r.taggedTopic(in.ResourceArn)
	if err != nil {
		return nil, err
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	out := &struct {
		Tags []tag `xml:"Tags>member"`
	}{}
	for _, key := range slices.Sorted(maps.Keys(t.tags)) {
		out.Tags = append(out.Tags, tag{key, t.tags[key]})
	}
	return out, nil
}

// taggedTopic finds the topic, whose absence has a code of its own here.
func (r *request) taggedTopic(arn string) (*topic, error) {
	t, err := r.topic(arn)
	if err == errNoTopic {
		return nil, refused("ResourceNotFound", "Resource does not exist").withStatus(404)
	}
	return t, err
}
