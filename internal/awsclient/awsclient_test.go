package awsclient_test

import (
	"bufio"
	"bytes"
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"runtime"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/sqs"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"github.com/seed08532102/iniesta/internal/awsclient"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// roundTripper sees requests as net/http does.
type roundTripper func(*http.Request) (*http.Response, error)

func (f roundTripper) Do(r *http.Request) (*http.Response, error) { return f(r) }

func TestBodiesAreInMemoryWhenNetHTTPSeesThem(t *testing.T) {
	var seen *http.Request
	inner := roundTripper(func(r *http.Request) (*http.Response, error) {
		seen = r
		return &http.Response{StatusCode: 200, Body: http.NoBody}, nil
	})
	for _, body := range []string{"", "x", strings.Repeat("long ", 10_000)} {
		closed := &closing{Reader: strings.NewReader(body)}
		r, err := http.NewRequest(http.MethodPost, "http://localhost", closed)
		require.NoError(t, err)
		r.ContentLength = int64(len(body))
		response, err := awsclient.Wrap(inner).Do(r)
		require.NoError(t, err)
		response.Body.Close()
		assert.True(t, closed.closed, "the SDK's body is read and closed before the request is sent")
		got, err := io.ReadAll(seen.Body)
		require.NoError(t, err)
		require.NoError(t, seen.Body.Close())
		n, err := seen.Body.Read(make([]byte, 1))
		assert.Equal(t, "0 EOF", fmt.Sprint(n, " ", err), "it can be read past its end, also when it is closed")
		assert.Equal(t, body, string(got))
		assert.Equal(t, int64(len(body)), seen.ContentLength)
		if body != "" {
			again, err := seen.GetBody()
			require.NoError(t, err)
			assert.IsType(t, io.NopCloser(bytes.NewReader(nil)), again)
		}
	}
}

// closing is a body like smithy's: reading it after Close is an error.
type closing struct {
	io.Reader
	closed bool
}

func (c *closing) Close() error { c.closed = true; return nil }
func (c *closing) Read(p []byte) (int, error) {
	if c.closed {
		return 0, http.ErrBodyReadAfterClose
	}
	return c.Reader.Read(p)
}

func TestABodyThatCannotBeReadFailsTheRequest(t *testing.T) {
	broken := &closing{Reader: strings.NewReader("abc")}
	r, err := http.NewRequest(http.MethodPost, "http://localhost", broken)
	require.NoError(t, err)
	r.ContentLength = 10
	_, err = awsclient.Wrap(roundTripper(nil)).Do(r)
	assert.ErrorIs(t, err, io.ErrUnexpectedEOF)
}

// hasty answers a request as soon as it has read its body, on a bare socket.
func hasty(t *testing.T) (url string) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	var conns sync.WaitGroup
	conns.Go(func() {
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			conns.Go(func() { answer(conn) })
		}
	})
	t.Cleanup(func() { l.Close(); conns.Wait() })
	return "http://" + l.Addr().String()
}

func answer(conn net.Conn) {
	defer conn.Close()
	in := bufio.NewReader(conn)
	for {
		length := 0
		for {
			line, err := in.ReadString('\n')
			if err != nil {
				return
			}
			if name, value, _ := strings.Cut(strings.TrimSpace(line), ":"); strings.EqualFold(name, "Content-Length") {
				length, _ = strconv.Atoi(strings.TrimSpace(value))
			}
			if line == "\r\n" {
				break
			}
		}
		if _, err := io.CopyN(io.Discard, in, int64(length)); err != nil {
			return
		}
		// Ten messages do not fit into the buffer that a response is read through.
		body := `{"Padding":"` + strings.Repeat("x", 64<<10) + `"}`
		fmt.Fprintf(conn, "HTTP/1.1 200 OK\r\nContent-Type: application/x-amz-json-1.0\r\nContent-Length: %d\r\n\r\n%s", len(body), body)
	}
}

// attempts counts HTTP requests on their way to net/http.
type attempts struct {
	aws.HTTPClient
	n atomic.Int64
}

func (a *attempts) Do(r *http.Request) (*http.Response, error) {
	a.n.Add(1)
	return a.HTTPClient.Do(r)
}

// slowWriter is a connection whose writer is slow to go on, as on a throttled CPU: the server has
// answered before net/http looks at the body again.
type slowWriter struct{ net.Conn }

func (c slowWriter) Write(p []byte) (int, error) {
	n, err := c.Conn.Write(p)
	for began := time.Now(); time.Since(began) < 200*time.Microsecond; {
		runtime.Gosched()
	}
	return n, err
}

func TestNoResponseOfAServerThatAnswersAtOnceIsLost(t *testing.T) {
	const pollers, calls = 4, 500
	url := hasty(t)
	wrapped := awsclient.Wrap(&http.Client{Transport: &http.Transport{
		MaxIdleConnsPerHost: pollers,
		DialContext: func(ctx context.Context, network, address string) (net.Conn, error) {
			conn, err := new(net.Dialer).DialContext(ctx, network, address)
			return slowWriter{conn}, err
		},
	}})
	defer wrapped.CloseIdleConnections()
	counted := &attempts{HTTPClient: wrapped}
	client := sqs.New(sqs.Options{BaseEndpoint: &url, Region: "us-east-1", HTTPClient: counted,
		Credentials: credentials.NewStaticCredentialsProvider("key", "secret", "")})
	var running sync.WaitGroup
	for range pollers {
		running.Go(func() {
			for range calls {
				_, err := client.ReceiveMessage(context.Background(), &sqs.ReceiveMessageInput{QueueUrl: aws.String(url + "/1/q")})
				assert.NoError(t, err)
			}
		})
	}
	running.Wait()
	assert.EqualValues(t, pollers*calls, counted.n.Load(), "one attempt for each call: nothing was retried")
}

func TestCredentialsAndRegionComeInTheDocumentedOrder(t *testing.T) {
	ours := awsclient.Options{AccessKeyID: "ours", SecretAccessKey: "s", DefaultRegion: "eu-ours-1"}
	tests := []struct {
		name    string
		env     map[string]string
		options awsclient.Options
		key     string
		region  string
	}{
		{"environment first", map[string]string{"AWS_ACCESS_KEY_ID": "env", "AWS_SECRET_ACCESS_KEY": "s", "AWS_DEFAULT_REGION": "eu-env-1"}, ours, "env", "eu-env-1"},
		{"AWS_REGION before AWS_DEFAULT_REGION", map[string]string{"AWS_REGION": "eu-a-1", "AWS_DEFAULT_REGION": "eu-b-1"}, ours, "ours", "eu-a-1"},
		{"then ours", nil, ours, "ours", "eu-ours-1"},
		{"a region in code before all", map[string]string{"AWS_REGION": "eu-env-1"}, awsclient.Options{Region: "eu-code-1", AccessKeyID: "a", SecretAccessKey: "b"}, "a", "eu-code-1"},
		{"then the SDK's sources", map[string]string{"AWS_SHARED_CREDENTIALS_FILE": "testdata/credentials", "AWS_CONFIG_FILE": "testdata/config"}, awsclient.Options{}, "profile", "eu-profile-1"},
		{"an endpoint needs no region", nil, awsclient.Options{AccessKeyID: "a", SecretAccessKey: "b", EndpointURL: "http://localhost"}, "a", "us-east-1"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			isolate(t, tt.env)
			c, err := awsclient.Load(t.Context(), tt.options)
			require.NoError(t, err)
			got, err := c.Credentials.Retrieve(t.Context())
			require.NoError(t, err)
			assert.Equal(t, tt.key, got.AccessKeyID)
			assert.Equal(t, tt.region, c.Region)
			assert.IsType(t, &aws.CredentialsCache{}, c.Credentials)
			assert.IsType(t, &awsclient.HTTPClient{}, c.HTTPClient)
		})
	}
}

// isolate empties the environment of everything the SDK reads.
func isolate(t *testing.T, env map[string]string) {
	for _, name := range []string{"AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN", "AWS_REGION", "AWS_DEFAULT_REGION", "AWS_PROFILE", "AWS_CA_BUNDLE"} {
		t.Setenv(name, "")
	}
	t.Setenv("AWS_EC2_METADATA_DISABLED", "true")
	t.Setenv("AWS_SHARED_CREDENTIALS_FILE", "testdata/none")
	t.Setenv("AWS_CONFIG_FILE", "testdata/none")
	for name, value := range env {
		t.Setenv(name, value)
	}
}

func TestHalfAPairOfKeysIsRefusedByName(t *testing.T) {
	tests := []struct {
		env     map[string]string
		options awsclient.Options
		want    string
	}{
		{map[string]string{"AWS_ACCESS_KEY_ID": "hidden"}, awsclient.Options{}, "AWS_ACCESS_KEY_ID is set and AWS_SECRET_ACCESS_KEY is not"},
		{map[string]string{"AWS_SECRET_ACCESS_KEY": "hidden"}, awsclient.Options{}, "AWS_SECRET_ACCESS_KEY is set and AWS_ACCESS_KEY_ID is not"},
		{nil, awsclient.Options{AccessKeyID: "hidden"}, "INIESTA_AWS_ACCESS_KEY_ID is set and INIESTA_AWS_SECRET_ACCESS_KEY is not"},
		{nil, awsclient.Options{SecretAccessKey: "hidden"}, "INIESTA_AWS_SECRET_ACCESS_KEY is set and INIESTA_AWS_ACCESS_KEY_ID is not"},
	}
	for _, tt := range tests {
		isolate(t, tt.env)
		tt.options.Region = "us-east-1"
		_, err := awsclient.Load(t.Context(), tt.options)
		assert.EqualError(t, err, "loading the AWS credentials: "+tt.want+": set both or neither")
	}
}

func TestAMissingRegionSaysWhatToSet(t *testing.T) {
	isolate(t, nil)
	_, err := awsclient.Load(t.Context(), awsclient.Options{})
	assert.ErrorIs(t, err, awsclient.ErrNoRegion)
	assert.ErrorContains(t, err, "set AWS_DEFAULT_REGION or INIESTA_AWS_DEFAULT_REGION")
}

func TestWrappingTwiceIsWrappingOnce(t *testing.T) {
	once := awsclient.Wrap(nil)
	assert.Same(t, once, awsclient.Wrap(once))
}
