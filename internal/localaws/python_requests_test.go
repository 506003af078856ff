package localaws_test

import (
	"bytes"
	"encoding/json"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"os/exec"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/seed08532102/iniesta/internal/localaws"
)

// recording is what botocore sent for a call that Python's iniesta makes; testdata/python/calls.py says how
// it was recorded.
type recording struct{ Name, Path, ContentType, Target, Body string }

// answers are lines that each call's answer has to have, in this order: the path of a value and the value, or *
// where it varies. A line that begins with "no " names what may not be there.
type answers map[string][]string

// TestTheRequestsOfPythonAreAnswered replays the bytes of both protocols, in the order of a service's life.
func TestTheRequestsOfPythonAreAnswered(t *testing.T) {
	for _, protocol := range []string{"query", "json"} {
		t.Run(protocol, func(t *testing.T) {
			server := localaws.New()
			defer server.Close()
			recorded := readData[[]recording](t, protocol+".json")
			want := readData[answers](t, protocol+".answers.json")
			known := map[string]string{}
			for _, r := range recorded {
				answer := replay(server, r, known)
				lines, err := linesOf(answer)
				require.NoError(t, err, r.Name)
				lines = append([]string{fmt.Sprintf("status = %d", answer.Code)}, lines...)
				assert.True(t, has(lines, want[r.Name]), "%s is answered by\n%s\nwant\n%s",
					r.Name, strings.Join(lines, "\n"), strings.Join(want[r.Name], "\n"))
				keep(known, lines)
			}
			assert.Len(t, want, len(recorded))
		})
	}
}

func readData[T any](t *testing.T, name string) (data T) {
	text, err := os.ReadFile("testdata/python/" + name)
	require.NoError(t, err)
	require.NoError(t, json.Unmarshal(text, &data), name)
	return data
}

// replay sends a recording, with what earlier answers said in place of the placeholders.
func replay(server http.Handler, r recording, known map[string]string) *httptest.ResponseRecorder {
	body := r.Body
	for placeholder, value := range known {
		if r.Target == "" {
			value = url.QueryEscape(value)
		}
		body = strings.ReplaceAll(body, placeholder, value)
	}
	request := httptest.NewRequest(http.MethodPost, "http://localhost:4566"+r.Path, strings.NewReader(body))
	request.Header.Set("Content-Type", r.ContentType)
	if r.Target != "" {
		request.Header.Set("X-Amz-Target", r.Target)
	}
	w := httptest.NewRecorder()
	server.ServeHTTP(w, request)
	return w
}

// keep notes what later requests are about.
func keep(known map[string]string, lines []string) {
	for _, line := range lines {
		path, value, _ := strings.Cut(line, " = ")
		switch {
		case strings.HasSuffix(path, "ReceiptHandle"):
			known["HANDLE"] = value
		case strings.HasSuffix(path, "SubscribeResult/SubscriptionArn"):
			known["SUBSCRIPTION"] = value
		}
	}
}

// has reports whether the lines of an answer are as wanted.
func has(lines, want []string) bool {
	for _, w := range want {
		if unwanted, ok := strings.CutPrefix(w, "no "); ok {
			if slices.ContainsFunc(lines, func(line string) bool { return strings.Contains(line, unwanted) }) {
				return false
			}
			continue
		}
		at := slices.IndexFunc(lines, func(line string) bool { return matches(w, line) })
		if at < 0 {
			return false
		}
		lines = lines[at+1:]
	}
	return true
}

// matches compares a line of an answer with the one wanted, where * stands for anything but nothing.
func matches(want, line string) bool {
	if prefix, ok := strings.CutSuffix(want, "= *"); ok {
		return strings.HasPrefix(line, prefix+"= ") && len(line) > len(prefix+"= ")
	}
	return want == line
}

func linesOf(answer *httptest.ResponseRecorder) ([]string, error) {
	if answer.Header().Get("Content-Type") == "text/xml" {
		return xmlLines(answer.Body.Bytes())
	}
	return jsonLines(answer.Body.Bytes())
}

// xmlLines lists the elements that have a text or nothing in them, by path.
func xmlLines(text []byte) (lines []string, err error) {
	decoder := xml.NewDecoder(bytes.NewReader(text))
	var path []string
	leaf, inside := false, ""
	for {
		token, err := decoder.Token()
		if errors.Is(err, io.EOF) {
			return lines, nil
		}
		if err != nil {
			return nil, err
		}
		switch v := token.(type) {
		case xml.StartElement:
			path, leaf, inside = append(path, v.Name.Local), true, ""
		case xml.CharData:
			inside += string(v)
		case xml.EndElement:
			if leaf {
				lines = append(lines, strings.Join(path, "/")+" = "+inside)
			}
			path, leaf = path[:len(path)-1], false
		}
	}
}

func jsonLines(text []byte) (lines []string, err error) {
	if len(text) == 0 {
		return nil, nil
	}
	var value any
	if err := json.Unmarshal(text, &value); err != nil {
		return nil, err
	}
	return appendLines(nil, "", value), nil
}

func appendLines(lines []string, path string, value any) []string {
	switch v := value.(type) {
	case map[string]any:
		for _, name := range slices.Sorted(maps.Keys(v)) {
			lines = appendLines(lines, path+"/"+name, v[name])
		}
	case []any:
		for i, each := range v {
			lines = appendLines(lines, fmt.Sprintf("%s/%d", path, i), each)
		}
	default:
		lines = append(lines, fmt.Sprintf("%s = %v", path, v))
	}
	return lines
}

// TestBotocoreReadsTheAnswers makes the same calls with the botocore of this machine, of whatever version.
func TestBotocoreReadsTheAnswers(t *testing.T) {
	python := "python3"
	if exec.Command(python, "-c", "import botocore").Run() != nil {
		python = "/usr/bin/python3" // Debian's, which has Debian's packages
	}
	if exec.Command(python, "-c", "import botocore").Run() != nil {
		t.Skip("there is no botocore: install python3-botocore")
	}
	server := localaws.New()
	defer server.Close()
	endpoint, err := server.Start()
	require.NoError(t, err)
	out, err := exec.Command(python, "-B", "testdata/python/calls.py", "play", endpoint).CombinedOutput()
	require.NoError(t, err, "%s", out)
	assert.Empty(t, strings.TrimSpace(string(out)))
}
