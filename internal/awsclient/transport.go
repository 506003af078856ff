package awsclient

import (
	"bytes"
	"fmt"
	"io"
	"net"
	"net/http"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	awshttp "github.com/aws/aws-sdk-go-v2/aws/transport/http"
)

// HTTPClient is the HTTP client of the SDK, with request bodies that are in memory by the time
// net/http sees them.
//
// The SDK closes a request's body as soon as it has the response. Against a server that answers at
// once, net/http may still be reading past the body's end then: it sees a closed body, gives the
// connection up and with it the response, whose messages stay invisible until their timeout. A
// bytes.Reader can be read after its end at any time, and lets headers and body leave in one write.
type HTTPClient struct {
	inner aws.HTTPClient
}

// buildable makes a client that keeps up to conns idle connections to a host, one for each call that
// may be under way. It sets no time limit on a response: a long poll is meant to wait, and every call
// has a deadline of its own.
func buildable(conns int) *awshttp.BuildableClient {
	return awshttp.NewBuildableClient().
		WithDialerOptions(func(d *net.Dialer) { d.Timeout = 5 * time.Second }).
		WithTransportOptions(func(t *http.Transport) {
			t.MaxIdleConns, t.MaxIdleConnsPerHost = max(conns, 1), max(conns, 1)
			t.TLSHandshakeTimeout = 5 * time.Second
			t.ReadBufferSize = 32 << 10 // ten messages come in one read
		})
}

// fromBuildable makes an HTTPClient of what the SDK's configuration ended up with.
func fromBuildable(client aws.HTTPClient) *HTTPClient {
	b, ok := client.(*awshttp.BuildableClient)
	if !ok {
		return Wrap(client)
	}
	return Wrap(&http.Client{
		Transport:     b.GetTransport(),
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	})
}

// Wrap puts request bodies into memory for a client of the caller's; nil is http.DefaultClient.
func Wrap(client aws.HTTPClient) *HTTPClient {
	switch c := client.(type) {
	case nil:
		return &HTTPClient{inner: http.DefaultClient}
	case *HTTPClient:
		return c
	}
	return &HTTPClient{inner: client}
}

// Do sends a request with its body in memory.
func (c *HTTPClient) Do(r *http.Request) (*http.Response, error) {
	if r.Body == nil || r.Body == http.NoBody {
		return c.inner.Do(r)
	}
	body, err := readAll(r)
	if err != nil {
		return nil, fmt.Errorf("reading the body of a request: %w", err)
	}
	r.ContentLength = int64(len(body))
	r.GetBody = func() (io.ReadCloser, error) { return io.NopCloser(bytes.NewReader(body)), nil }
	r.Body, _ = r.GetBody() // cannot fail
	if len(body) == 0 {
		r.Body = http.NoBody
	}
	return c.inner.Do(r)
}

// CloseIdleConnections closes the connections that nothing uses.
func (c *HTTPClient) CloseIdleConnections() {
	if idle, ok := c.inner.(interface{ CloseIdleConnections() }); ok {
		idle.CloseIdleConnections()
	}
}

func readAll(r *http.Request) ([]byte, error) {
	defer r.Body.Close()
	if r.ContentLength <= 0 {
		return io.ReadAll(r.Body)
	}
	body := make([]byte, r.ContentLength)
	_, err := io.ReadFull(r.Body, body)
	return body, err
}
