package port

import (
	"github.com/seed08532102/iniesta/internal/port/python"
)

// noteClient notes a client that the service makes.
func (r *reader) noteClient(o *object, a arguments, n *python.Node) {
	queue := isA(o, sqsClient)
	argument, own := "topic_arn", "INIESTA_SNS_PRODUCER_GLOBAL_TOPIC_ARN"
	if queue {
		argument, own = "queue_name", "INIESTA_SQS_QUEUE_NAME"
	}
	c := &Client{Queue: queue, At: r.at(n), Text: r.module().source(n), Own: true}
	if v, ok := a.get(0, argument); ok {
		name, known := plain(v)
		c.Name, c.Known, c.Own = name, known, false
		switch v := v.(type) {
		case nothing:
			c.Own = true
		case unknown:
			c.Why = v.why
			c.Own = v.why == ownQueue || v.why == "the setting "+own
		}
		if set, ok := plain(r.settingValue(own, n)); ok && known && set == name {
			c.Own = true
		}
	}
	if known, ok := r.sites[n].(*Client); ok {
		c = known
	} else {
		r.sites[n] = c
		r.found.Clients = append(r.found.Clients, c)
	}
	o.attributes[" client"] = c
	for _, name := range []string{"endpoint_url", "region_name", "retry_count", "lock_timeout"} {
		if _, ok := a.named[name]; ok {
			r.found.leave(r.at(n), "%s=%s of a client: a setting or an option in Go", name, r.argumentText(n, name, -1))
		}
	}
}

func (r *reader) clientOf(v value) *Client {
	o, ok := v.(*object)
	if !ok {
		return nil
	}
	c, _ := o.attributes[" client"].(*Client)
	return c
}

func (r *reader) receives(v value) {
	if c := r.clientOf(v); c != nil {
		r.receiving[c.At] = true // the client may be that of the pass before
	}
}
