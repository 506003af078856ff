package localaws

import (
	"bytes"
	"cmp"
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
	"ConfirmSubscription":       handle((*request).confirmSubscription),
	"TagResource":               handle((*request).tagTopic),
	"UntagResource":             handle((*request).untagTopic),
	"ListTagsForResource":       handle((*request).listTopicTags),
	"AddPermission":             handle((*request).addTopicPermission),
	"RemovePermission":          handle((*request).removeTopicPermission),
}

// serveQuery answers one call in the AWS query protocol, a form or the query of a URL in and XML out: of SNS, and of
// SQS. A call to a queue's URL is about that queue.
func (s *Server) serveQuery(w http.ResponseWriter, r *http.Request) {
	body, err := readBody(r)
	if err != nil {
		respondQueryError(w, snsNamespace, errTooLarge)
		return
	}
	f, err := readForm(r.URL.RawQuery, string(body), r.URL.Path)
	if err != nil {
		respondQueryError(w, snsNamespace, err)
		return
	}
	if f.sqs {
		s.serveForm(w, r, f, sqsNamespace, operations, respondSQS)
		return
	}
	s.serveForm(w, r, f, snsNamespace, snsOperations, respondSNS)
}

func (s *Server) serveForm(w http.ResponseWriter, r *http.Request, f form, namespace string,
	operations map[string]func(*request) (any, error), answer func(http.ResponseWriter, string, any),
) {
	run, ok := operations[f.operation]
	if !ok {
		respondQueryError(w, namespace, noAction(f.operation))
		return
	}
	service := "sns"
	if namespace == sqsNamespace {
		service = "sqs"
	}
	out, err := s.call(r, service, f.operation, f.input).run(run)
	if err != nil {
		respondQueryError(w, namespace, err)
		return
	}
	answer(w, f.operation, out)
}

// respondSNS answers with a struct that says how it is written.
func respondSNS(w http.ResponseWriter, operation string, out any) {
	respondResult(w, snsNamespace, operation, func(e *xml.Encoder) error {
		if out == nil {
			return nil
		}
		return e.EncodeElement(out, element(operation+"Result"))
	})
}

func respondResult(w http.ResponseWriter, namespace, operation string, result func(*xml.Encoder) error) {
	respondXML(w, http.StatusOK, namespace, operation+"Response", func(e *xml.Encoder) error {
		if err := result(e); err != nil {
			return err
		}
		return e.EncodeElement(struct{ RequestId string }{uuid.NewString()}, element("ResponseMetadata"))
	})
}

func respondQueryError(w http.ResponseWriter, namespace string, err error) {
	e, ok := err.(*apiError)
	if !ok {
		e = &apiError{shape: "InternalError", code: "InternalError", message: err.Error(), status: http.StatusInternalServerError}
	}
	kind, code, message := "Sender", e.shape, e.message
	if e.status >= http.StatusInternalServerError {
		kind = "Receiver"
	}
	if namespace == sqsNamespace {
		code, message = e.code, cmp.Or(e.query, e.message)
	}
	respondXML(w, e.status, namespace, "ErrorResponse", func(encoder *xml.Encoder) error {
		err := encoder.EncodeElement(struct{ Type, Code, Message string }{kind, code, message}, element("Error"))
		if err != nil {
			return err
		}
		return encoder.EncodeElement(uuid.NewString(), element("RequestId"))
	})
}

func respondXML(w http.ResponseWriter, status int, namespace, name string, content func(*xml.Encoder) error) {
	var body bytes.Buffer
	e := xml.NewEncoder(&body)
	start := element(name)
	start.Attr = []xml.Attr{{Name: xml.Name{Local: "xmlns"}, Value: namespace}}
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
