package conformance

import (
	"bytes"
	"encoding/json"
	"encoding/xml"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strings"
)

// world is a server as a row asks it: by the bytes of the protocols, without an SDK that would check first.
type world struct {
	client *http.Client
	url    string
}

// in is the input of a call.
type in map[string]any

// answer is what came back.
type answer struct {
	status        int
	code, message string
	out           map[string]any    // of SQS
	leaves        map[string]string // of XML: the first text of each element
	attributes    map[string]string // of XML
	seen          string            // instead, where a row is about an outcome
}

// saw is an outcome.
func saw(format string, args ...any) answer { return answer{seen: fmt.Sprintf(format, args...)} }

func (a answer) String() string {
	switch {
	case a.seen != "":
		return a.seen
	case a.status == http.StatusOK:
		return "ok"
	}
	return fmt.Sprintf("%s %d", a.code, a.status)
}

// must is the answer of a call that a row needs.
func (a answer) must() answer {
	if a.String() != "ok" {
		panic(a.String() + ": " + a.message)
	}
	return a
}

func contains(message, text string) bool { return strings.Contains(message, text) }

// sqs calls SQS in AWS JSON.
func (w *world) sqs(operation string, input in) answer {
	body, err := json.Marshal(input)
	check(err)
	return w.raw(operation, string(body))
}

// raw calls SQS with the bytes of a body.
func (w *world) raw(operation, body string) answer {
	r, err := http.NewRequest(http.MethodPost, w.url, strings.NewReader(body))
	check(err)
	r.Header.Set("Content-Type", "application/x-amz-json-1.0")
	r.Header.Set("X-Amz-Target", "AmazonSQS."+operation)
	response, text := w.do(r, "sqs")
	a := answer{status: response.StatusCode}
	_ = json.Unmarshal(text, &a.out) // some answers have no body
	if a.status != http.StatusOK {
		a.code, _, _ = strings.Cut(response.Header.Get("x-amzn-query-error"), ";")
		a.message, _ = a.out["message"].(string)
	}
	return a
}

// sns calls SNS in the query protocol.
func (w *world) sns(operation string, input in) answer {
	values := url.Values{"Action": {operation}, "Version": {"2010-03-31"}}
	for _, name := range slices.Sorted(maps.Keys(input)) {
		flatten(values, name, input[name])
	}
	return w.form(values, "sns")
}

// form posts a form.
func (w *world) form(values url.Values, service string) answer {
	r, err := http.NewRequest(http.MethodPost, w.url, strings.NewReader(values.Encode()))
	check(err)
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded; charset=utf-8")
	return w.xml(r, service)
}

func (w *world) xml(r *http.Request, service string) answer {
	response, text := w.do(r, service)
	a := answer{status: response.StatusCode, leaves: map[string]string{}, attributes: map[string]string{}}
	a.read(text)
	if a.status != http.StatusOK {
		a.code, a.message = a.leaves["Code"], a.leaves["Message"]
	}
	return a
}

func (a *answer) read(text []byte) {
	decoder := xml.NewDecoder(bytes.NewReader(text))
	key, last := "", ""
	for {
		token, err := decoder.Token()
		if err != nil {
			return
		}
		switch t := token.(type) {
		case xml.CharData:
			last = string(t)
		case xml.StartElement:
			last = ""
		case xml.EndElement:
			name := t.Name.Local
			if _, ok := a.leaves[name]; !ok {
				a.leaves[name] = last
			}
			switch name {
			case "key", "Name", "Key":
				key = last
			case "value", "Value":
				a.attributes[key] = last
			}
		}
	}
}

// do sends a request that looks signed.
func (w *world) do(r *http.Request, service string) (*http.Response, []byte) {
	r.Header.Set("Authorization", "AWS4-HMAC-SHA256 Credential=test/20260101/us-east-1/"+service+"/aws4_request, SignedHeaders=host, Signature=0")
	response, err := w.client.Do(r)
	check(err)
	defer response.Body.Close()
	text, err := io.ReadAll(response.Body)
	check(err)
	return response, text
}

func check(err error) {
	if err != nil {
		panic(err)
	}
}

// flatten writes a value as the query protocol of SNS has it.
func flatten(values url.Values, name string, value any) {
	switch v := value.(type) {
	case map[string]string:
		for i, key := range slices.Sorted(maps.Keys(v)) {
			values.Set(fmt.Sprintf("%s.entry.%d.key", name, i+1), key)
			values.Set(fmt.Sprintf("%s.entry.%d.value", name, i+1), v[key])
		}
	case in: // attributes of a message
		for i, key := range slices.Sorted(maps.Keys(v)) {
			values.Set(fmt.Sprintf("%s.entry.%d.Name", name, i+1), key)
			for field, text := range v[key].(map[string]string) {
				values.Set(fmt.Sprintf("%s.entry.%d.Value.%s", name, i+1, field), text)
			}
		}
	case []in:
		if len(v) == 0 {
			values.Set(name, "") // as older SDKs write an empty list
		}
		for i, item := range v {
			for field, inner := range item {
				flatten(values, fmt.Sprintf("%s.member.%d.%s", name, i+1, field), inner)
			}
		}
	case []string:
		for i, item := range v {
			values.Set(fmt.Sprintf("%s.member.%d", name, i+1), item)
		}
	default:
		values.Set(name, fmt.Sprint(v))
	}
}
