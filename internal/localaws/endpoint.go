package localaws

import (
	"context"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"time"

	"github.com/google/uuid"
)

// endpointTimeout is how long an http endpoint has for its answer.
const endpointTimeout = 15 * time.Second

func checkHTTPEndpoint(endpoint string) error {
	u, err := url.Parse(endpoint)
	switch {
	case err != nil || u.Scheme != "http" || u.Host == "":
		return invalidParameter("Endpoint must match the specified protocol")
	case !isLoopback(u.Hostname()):
		return invalidParameter("Endpoint Reason: only http endpoints on the loopback, such as http://127.0.0.1:8080/, are delivered to here")
	}
	return nil
}

// askForConfirmation sends an endpoint the token that confirms its subscription.
func (s *Server) askForConfirmation(sub *subscription, host string) {
	n := &notification{topic: sub.topic, base: "http://" + host}
	e := envelope{
		Type: "SubscriptionConfirmation", MessageId: uuid.NewString(), Token: sub.token, TopicArn: sub.topic.arn, Timestamp: timestamp(time.Now()),
		Message:      "You have chosen to subscribe to the topic " + sub.topic.arn + ".\nTo confirm the subscription, visit the SubscribeURL included in this message.",
		SubscribeURL: n.base + "/?Action=ConfirmSubscription&TopicArn=" + sub.topic.arn + "&Token=" + sub.token,
	}
	sub.topic.mu.Lock()
	n.sign(&e)
	retries := sub.topic.effectiveDelivery().HTTP.DefaultHealthyRetryPolicy
	sub.topic.mu.Unlock()
	d := &delivery{endpoint: sub.endpoint, body: e.text(), retries: retries, headers: map[string]string{
		"x-amz-sns-message-type": e.Type, "x-amz-sns-message-id": e.MessageId, "x-amz-sns-topic-arn": e.TopicArn,
	}}
	s.handlers.Go(func() { d.attempt(s.closed) })
}

// post delivers a message to an http endpoint, in a goroutine that Close waits for. The caller holds the topic's mu.
func (s *Server) post(sub *subscription, n *notification) {
	policy := sub.effectiveDelivery()
	d := &delivery{
		endpoint: sub.endpoint, body: sub.message(n, false).MessageBody, retries: policy.DefaultHealthyRetryPolicy,
		headers: map[string]string{
			"Content-Type":           policy.DefaultRequestPolicy.HeaderContentType,
			"x-amz-sns-message-type": "Notification", "x-amz-sns-message-id": n.published.MessageId,
			"x-amz-sns-topic-arn": n.topic.arn, "x-amz-sns-subscription-arn": sub.arn,
		},
	}
	if sub.attributes["RawMessageDelivery"] == "true" {
		d.headers["x-amz-sns-rawdelivery"] = "true"
	}
	s.handlers.Go(func() {
		if d.attempt(s.closed) || s.closed.Err() != nil {
			return
		}
		n.topic.mu.Lock()
		defer n.topic.mu.Unlock()
		s.undeliverable(sub, n)
	})
}

// delivery is one message to an http endpoint.
type delivery struct {
	endpoint, body string
	headers        map[string]string
	retries        retryPolicy
}

// attempt posts until the endpoint takes the message, refuses it as wrong, or no retry is left.
func (d *delivery) attempt(ctx context.Context) (taken bool) {
	for try := 0; ; try++ {
		taken, wrong := d.post(ctx)
		if taken || wrong || try >= d.retries.NumRetries {
			return taken
		}
		pause := time.NewTimer(time.Duration(d.retries.MinDelayTarget) * time.Second)
		select {
		case <-pause.C:
		case <-ctx.Done():
			pause.Stop()
			return false
		}
	}
}

// endpoints have connections of their own, which do not outlive a delivery.
var endpoints = &http.Client{
	Timeout:       endpointTimeout,
	Transport:     &http.Transport{DisableKeepAlives: true},
	CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
}

func (d *delivery) post(ctx context.Context) (taken, wrong bool) {
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, d.endpoint, strings.NewReader(d.body))
	if err != nil {
		return false, true
	}
	r.Header.Set("Content-Type", "text/plain; charset=UTF-8")
	r.Header.Set("User-Agent", "Amazon Simple Notification Service Agent")
	for name, value := range d.headers {
		r.Header.Set(name, value)
	}
	response, err := endpoints.Do(r)
	if err != nil {
		return false, false
	}
	response.Body.Close()
	status := response.StatusCode
	return status >= 200 && status < 300, status >= 400 && status < 500 && status != http.StatusTooManyRequests
}

var tokenForm = regexp.MustCompile(`^[0-9a-f]{64,}$`)

// confirmSubscription confirms what the token was sent for. Confirming again succeeds.
func (r *request) confirmSubscription(in *struct{ TopicArn, Token string }) (*subscriptionARN, error) {
	if _, _, _, ok := splitARN("sns", in.TopicArn); !ok {
		return nil, invalidParameter("Topic")
	}
	r.server.mu.Lock()
	t := r.server.topics[in.TopicArn]
	r.server.mu.Unlock()
	switch {
	case !tokenForm.MatchString(in.Token):
		return nil, refused("InvalidParameter", "Invalid token")
	case t == nil:
		return nil, invalidParameter("Token")
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	for _, s := range t.subscriptions {
		if s.token == in.Token {
			s.confirmed = true
			t.save()
			return &subscriptionARN{s.arn}, nil
		}
	}
	return nil, invalidParameter("Token")
}
