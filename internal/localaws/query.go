package localaws

import (
	"bytes"
	"encoding/xml"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"github.com/google/uuid"
)

const snsNamespace = "http://sns.amazonaws.com/doc/2010-03-31/"

// snsOperations are the calls of SNS by their Action.
var snsOperations = map[string]func(*request) (any, error){
	"CreateTopic":               handle((*request).createTopic),
	"DeleteTopic":               handle((*request).deleteTopic),
	"ListTopics":                handle((*request).listTopics),
	"GetTopicAttributes":        handle((*request).getTopicAttributes),
	"SetTopicAttributes":        handle((*request).setTopicAttributes),
	"Subscribe":                 handle((*request).subscribe),
	"Unsubscribe":               handle((*request).unsubscribe),
	"ListSubscriptions":         handle((*request).listSubscriptions),
	"ListSubscriptionsByTopic":  handle((*request).listSubscriptionsByTopic),
	"GetSubscriptionAttributes": handle((*request).getSubscriptionAttributes),
	"SetSubscriptionAttributes": handle((*request).setSubscriptionAttributes),
	"Publish":                   handle((*request).publish),
	"PublishBatch":              handle((*request).publishBatch),
}

// serveQuery answers one call of SNS in the AWS query protocol: a form in, XML out.
func (s *Server) serveQuery(w http.ResponseWriter, r *http.Request) {
	body, err := readBody(r)
	if err != nil {
		respondQueryError(w, errTooLarge)
		return
	}
	operation, input, err := readForm(body)
	if err != nil {
		respondQueryError(w, err)
		return
	}
	run, ok := snsOperations[operation]
	if !ok {
		respondQueryError(w, refused("InvalidAction", "The action %s is not valid for this endpoint.", printable(operation)))
		return
	}
	call := &request{server: s, ctx: r.Context(), host: r.Host, body: input}
	call.fault = s.faultFor(Call{Operation: operation, Topic: topicOf(input), N: s.counted(operation)})
	out, err := call.run(run)
	if err != nil {
		respondQueryError(w, err)
		return
	}
	respondXML(w, http.StatusOK, operation+"Response", func(e *xml.Encoder) error {
		if out != nil {
			if err := e.EncodeElement(out, element(operation+"Result")); err != nil {
				return err
			}
		}
		return e.EncodeElement(struct{ RequestId string }{uuid.NewString()}, element("ResponseMetadata"))
	})
}

func respondQueryError(w http.ResponseWriter, err error) {
	e, ok := err.(*apiError)
	if !ok {
		e = &apiError{shape: "InternalError", message: err.Error(), status: http.StatusInternalServerError}
	}
	kind := "Sender"
	if e.status >= http.StatusInternalServerError {
		kind = "Receiver"
	}
	respondXML(w, e.status, "ErrorResponse", func(encoder *xml.Encoder) error {
		err := encoder.EncodeElement(struct{ Type, Code, Message string }{kind, e.shape, e.message}, element("Error"))
		if err != nil {
			return err
		}
		return encoder.EncodeElement(uuid.NewString(), element("RequestId"))
	})
}

func respondXML(w http.ResponseWriter, status int, name string, content func(*xml.Encoder) error) {
	var body bytes.Buffer
	e := xml.NewEncoder(&body)
	start := element(name)
	start.Attr = []xml.Attr{{Name: xml.Name{Local: "xmlns"}, Value: snsNamespace}}
	for _, write := range []func() error{
		func() error { return e.EncodeToken(start) },
		func() error { return content(e) },
		func() error { return e.EncodeToken(start.End()) },
		e.Flush,
	} {
		if err := write(); err != nil {
			panic(err) // every output is made of strings
		}
	}
	h := w.Header()
	h.Set("Content-Type", "text/xml")
	h.Set("Content-Length", strconv.Itoa(body.Len()))
	w.WriteHeader(status)
	_, _ = w.Write(body.Bytes()) // a client that left is not told
}

func element(name string) xml.StartElement {
	return xml.StartElement{Name: xml.Name{Local: name}}
}

// mapEntry is one entry of a map in XML.
type mapEntry struct {
	Key   string `xml:"key"`
	Value string `xml:"value"`
}

// attributeMap is a map as the query protocol has it.
type attributeMap struct {
	Entries []mapEntry `xml:"Attributes>entry"`
}

func entriesOf(attributes map[string]string) *attributeMap {
	m := &attributeMap{}
	for key, value := range attributes {
		m.Entries = append(m.Entries, mapEntry{key, value})
	}
	slices.SortFunc(m.Entries, func(a, b mapEntry) int { return strings.Compare(a.Key, b.Key) })
	return m
}

// printable keeps what a client sent from spoiling a message.
func printable(text string) string {
	return strings.ToValidUTF8(text[:min(len(text), 100)], "?")
}
