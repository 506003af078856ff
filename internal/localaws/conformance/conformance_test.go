package conformance

import (
	"net/http"
	"os"
	"testing"
	"testing/synctest"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"github.com/seed08532102/iniesta/internal/localaws"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func TestTheEmbeddedServersAnswerAsAWS(t *testing.T) {
	for _, c := range Cases() {
		t.Run(c.About+": "+c.What, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				server := localaws.New()
				defer server.Close()
				r := c.Run(&http.Client{Transport: server.Transport()}, "http://localhost")
				if c.Meant != "" {
					assert.NotEqual(t, c.Want, r.Got, "it is as AWS has it: it is no longer meant to differ")
				}
				assert.True(t, r.Expected(), "AWS: %s %q\nhere: %s %q\nknown from %s", c.Want, c.Text, r.Got, r.Message, c.Source)
			})
		})
	}
}

func TestNoRowIsThereTwice(t *testing.T) {
	seen := map[string]bool{}
	for _, c := range Cases() {
		name := c.About + ": " + c.What + " " + c.Source
		require.False(t, seen[name], name)
		seen[name] = true
	}
}

// TestAnotherServerAnswersAsAWS asks the server at INIESTA_CONFORMANCE_URL. What differs there is logged, and fails
// only where INIESTA_CONFORMANCE_STRICT is set.
func TestAnotherServerAnswersAsAWS(t *testing.T) {
	url := os.Getenv("INIESTA_CONFORMANCE_URL")
	if url == "" {
		t.Skip("INIESTA_CONFORMANCE_URL names no server")
	}
	client := &http.Client{Transport: &http.Transport{}}
	defer client.CloseIdleConnections()
	agree := 0
	for _, c := range Cases() {
		r := c.Run(client, url)
		if r.Agrees() {
			agree++
			continue
		}
		t.Logf("%s: %s: AWS %s %q, here %s %q", c.About, c.What, c.Want, c.Text, r.Got, r.Message)
	}
	t.Logf("%d of %d rows are as AWS has them", agree, len(Cases()))
	if os.Getenv("INIESTA_CONFORMANCE_STRICT") != "" {
		assert.Equal(t, len(Cases()), agree)
	}
	assert.NotZero(t, agree)
}
