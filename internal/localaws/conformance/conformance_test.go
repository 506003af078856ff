package conformance

import (
	"net/http"
	"net/http/httptest"
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
				assert.True(t, r.Agrees(), "AWS: %s %q\nhere: %s %q\nknown from %s", c.Want, c.Text, r.Got, r.Message, c.Source)
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

func TestTheDocumentIsAsTheTable(t *testing.T) {
	const path = "../../../docs/local.md"
	if os.Getenv("INIESTA_WRITE_DOCS") != "" {
		require.NoError(t, os.WriteFile(path, []byte(Document()), 0o644))
	}
	text, err := os.ReadFile(path)
	require.NoError(t, err)
	assert.Equal(t, Document(), string(text), "write it with INIESTA_WRITE_DOCS=1 go test ./internal/localaws/conformance")
}

func TestAServerThatDoesOtherwiseIsNoticed(t *testing.T) {
	wrong := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusTeapot) }))
	defer wrong.Close()
	client := &http.Client{Transport: &http.Transport{DisableKeepAlives: true}}
	for _, c := range Cases() {
		assert.False(t, c.Run(client, wrong.URL).Agrees(), c.What)
	}
}
