package sns_test

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	awssns "github.com/aws/aws-sdk-go-v2/service/sns"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/seed08532102/iniesta/sns"
)

func TestWhatIsNoWholeAnswerIsNotPublished(t *testing.T) {
	write := func(w io.Writer) { _, _ = io.WriteString(w, "half") }
	for reason, c := range map[string]struct {
		method  string
		handler http.HandlerFunc
	}{
		"an answer to HEAD has no body":   {"HEAD", func(w http.ResponseWriter, _ *http.Request) { write(w) }},
		"status 206 has a part of a body": {"GET", func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(206); write(w) }},
		"status 204 has no body":          {"GET", func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(204) }},
		"4 bytes were written, and Content-Length is 9": {"GET", func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Length", "9")
			write(w)
		}},
		"the body is encoded": {"GET", func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Encoding", "gzip")
			write(w)
		}},
		"the handler panicked": {"GET", func(w http.ResponseWriter, _ *http.Request) { write(w); panic(http.ErrAbortHandler) }},
	} {
		t.Run(reason, func(t *testing.T) {
			logged := captureLogs(t)
			c2 := client(t, &api{}, arn)
			func() {
				defer func() { _ = recover() }()
				c2.PublishEvent("Order")(c.handler).ServeHTTP(httptest.NewRecorder(), httptest.NewRequest(c.method, "/", nil))
			}()
			require.NoError(t, c2.Close(t.Context()))
			assert.Equal(t, sns.Stats{Failed: 1}, c2.Stats())
			assert.Contains(t, logged.String(), reason)
		})
	}
}

func TestAnAnswerThatATimeoutReplacesIsNotPublished(t *testing.T) {
	logged := captureLogs(t)
	c := client(t, &api{}, arn)
	handler := http.TimeoutHandler(c.PublishEvent("Order")(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.WriteString(w, "late")
		<-r.Context().Done()
	})), 5*time.Millisecond, "too late")
	response := httptest.NewRecorder()
	handler.ServeHTTP(response, httptest.NewRequest("GET", "/", nil))
	assert.Equal(t, 503, response.Code)
	assert.Eventually(t, func() bool { return c.Stats().Failed == 1 }, 5*time.Second, time.Millisecond)
	require.NoError(t, c.Close(t.Context()))
	assert.Contains(t, logged.String(), "time was over")
}

type panicking struct{}

func (panicking) MarshalJSON() ([]byte, error) { panic("boom") }

func TestCodeOfUsersThatPanicsIsAnErrorOfThatCall(t *testing.T) {
	captureLogs(t)
	c := client(t, &api{publish: func(*awssns.PublishInput) (*awssns.PublishOutput, error) { panic("boom") }}, arn)
	_, err := c.CreateMessage("Order", panicking{})
	require.ErrorIs(t, err, sns.ErrInvalidMessage)
	assert.ErrorContains(t, err, "boom")
	handler := c.PublishEvent("Order")(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, "x") }))
	handler.ServeHTTP(httptest.NewRecorder(), httptest.NewRequest("GET", "/", nil))
	assert.Equal(t, sns.Stats{Failed: 1}, c.Stats())
}

func TestElevenAttributesAreRefusedAndNoFormShowsABody(t *testing.T) {
	c := client(t, &api{}, arn)
	m, err := c.CreateMessage("Order", "the secret")
	require.NoError(t, err)
	for i := range 9 {
		require.NoError(t, m.AddAttribute(fmt.Sprint("a", i), "secret"))
	}
	require.ErrorIs(t, m.Publish(t.Context()), sns.ErrInvalidMessage)
	results, err := c.PublishBatch(t.Context(), []*sns.Message{m})
	require.ErrorIs(t, err, sns.ErrInvalidMessage)
	assert.ErrorContains(t, results[0].Err, "it has 11 attributes")
	text, err := json.Marshal([]any{m, *m})
	require.NoError(t, err)
	assert.NotContains(t, fmt.Sprintf("%v %+v %#v %d %s", m, m, *m, m, text), "secret")
	assert.Empty(t, (&sns.Message{}).Event())
}
