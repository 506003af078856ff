package localaws

import (
	"cmp"
	"fmt"
	"net/http"
	"strings"

	"github.com/seed08532102/iniesta/internal/policy"
)

// Permit has an IAM policy decide what the holder of an access key may do. From the first call on everything
// that no policy allows is refused, whoever asks. An empty policy takes everything away again.
func (s *Server) Permit(accessKey, document string) error {
	p, err := policy.Parse(document)
	if err != nil {
		return fmt.Errorf("localaws: permitting %s: %w", accessKey, err)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.permit == nil {
		s.permit = make(map[string]policy.Policy)
	}
	s.permit[accessKey] = p
	return nil
}

// deny is the refusal of a call that the caller's policy does not allow, else nil.
func (s *Server) deny(c caller, service, operation string, t target) error {
	s.mu.Lock()
	limited, p := s.permit != nil, s.permit[c.accessKey]
	s.mu.Unlock()
	if !limited {
		return nil
	}
	action, resource := service+":"+strings.TrimSuffix(operation, "Batch"), c.resource(t)
	if p.Allows(action, resource) {
		return nil
	}
	e := refused("AccessDenied", "User is not authorized to perform: %s on resource: %s", action, resource).withStatus(http.StatusForbidden)
	e.shape = "AccessDeniedException"
	if service == "sns" {
		e.code = "AuthorizationError"
	}
	return e
}

// resource is the ARN that policies are asked about, "*" for a call that is about nothing.
func (c caller) resource(t target) string {
	if name := cmp.Or(t.QueueUrl, t.QueueName); name != "" {
		return c.queueARN(name)
	}
	return cmp.Or(t.TopicArn, t.TargetArn, t.SubscriptionArn, "*")
}
