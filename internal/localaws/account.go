package localaws

import (
	"net/http"
	"net/url"
	"regexp"
	"strings"
)

// caller is on whose behalf a call is made.
type caller struct {
	accessKey       string
	region, account string
}

var (
	accountID  = regexp.MustCompile(`^[0-9]{12}$`)
	regionName = regexp.MustCompile(`^[a-z]{2,}(-[a-z]+)+-[0-9]+$`)
)

// callerOf reads a signature: its scope names the region, and an access key of twelve digits is the account. What
// it does not name is the server's own.
func (s *Server) callerOf(r *http.Request) caller {
	_, credential, _ := strings.Cut(r.Header.Get("Authorization"), "Credential=")
	if credential == "" {
		credential = r.URL.Query().Get("X-Amz-Credential") // of a URL that was signed
	}
	scope, _, _ := strings.Cut(credential, ",")
	parts := strings.Split(scope, "/")
	c := caller{accessKey: parts[0], region: s.region, account: s.account}
	if accountID.MatchString(c.accessKey) {
		c.account = c.accessKey
	}
	if len(parts) == 5 && regionName.MatchString(parts[2]) {
		c.region = parts[2]
	}
	return c
}

// arn names a resource.
func arn(service, region, account, name string) string {
	return strings.Join([]string{"arn", partition(region), service, region, account, name}, ":")
}

func partition(region string) string {
	switch {
	case strings.HasPrefix(region, "cn-"):
		return "aws-cn"
	case strings.HasPrefix(region, "us-gov-"):
		return "aws-us-gov"
	}
	return "aws"
}

// splitARN is the region, the account and the name in an ARN of a service.
func splitARN(service, text string) (region, account, name string, ok bool) {
	parts := strings.SplitN(text, ":", 6)
	if len(parts) != 6 || parts[0] != "arn" || parts[2] != service || parts[5] == "" {
		return "", "", "", false
	}
	return parts[3], parts[4], parts[5], true
}

// queueARN is what a queue URL, or a queue's name, is about: the region is the caller's, and so is the account
// where the URL has none.
func (c caller) queueARN(queueURL string) string {
	path := queueURL
	if u, err := url.Parse(queueURL); err == nil && u.Host != "" {
		path = u.Path
	}
	account, name := c.account, path
	if cut := strings.LastIndexByte(path, '/'); cut >= 0 {
		name = path[cut+1:]
		if before := path[strings.LastIndexByte(path[:cut], '/')+1 : cut]; accountID.MatchString(before) {
			account = before
		}
	}
	return arn("sqs", c.region, account, name)
}
