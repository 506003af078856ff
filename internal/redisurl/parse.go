// Package redisurl reads the URLs of lock nodes: redis://user:password@host:port/db, and rediss:// for TLS,
// where ca=/path/to/ca.pem names the authority that signed the node's certificate.
package redisurl

import (
	"crypto/x509"
	"errors"
	"fmt"
	"net/url"
	"os"
	"strings"

	"github.com/redis/go-redis/v9"
)

// ErrInvalid is returned for what is no URL of a lock node. It does not quote the URL, nor net/url's error
// about it: where a URL is malformed, any part of it may be a part of the password.
var ErrInvalid = errors.New("not of the form redis://user:password@host:port/db (rediss:// for TLS); " +
	"percent-encode what is special in the password, such as / # ? and @")

// Parse reads a URL. The CA file is read too.
func Parse(text string) (*redis.Options, error) {
	o, ca, err := parse(text)
	if err != nil || ca == "" {
		return o, err
	}
	pem, err := os.ReadFile(ca)
	if err != nil {
		return nil, fmt.Errorf("reading the CA of a lock node: %w", err)
	}
	if o.TLSConfig.RootCAs = x509.NewCertPool(); !o.TLSConfig.RootCAs.AppendCertsFromPEM(pem) {
		return nil, fmt.Errorf("reading the CA of a lock node: %s has no certificate in PEM", ca)
	}
	return o, nil
}

// Valid reports whether Parse would read the URL, as long as its CA file can be read.
func Valid(text string) bool {
	_, _, err := parse(text)
	return err == nil
}

func parse(text string) (o *redis.Options, ca string, err error) {
	if strings.Contains(text, "#") { // a fragment is the rest of a password that was cut at its #
		return nil, "", ErrInvalid
	}
	if strings.HasPrefix(text, "rediss://") {
		if text, ca, err = takeCA(text); err != nil {
			return nil, "", err
		}
	}
	if !strings.HasPrefix(text, "redis://") && !strings.HasPrefix(text, "rediss://") {
		return nil, "", ErrInvalid
	}
	if o, err = redis.ParseURL(text); err != nil {
		return nil, "", ErrInvalid
	}
	return o, ca, nil
}

// takeCA takes the parameter out that go-redis does not know.
func takeCA(text string) (rest, ca string, err error) {
	u, err := url.Parse(text)
	if err != nil {
		return "", "", ErrInvalid
	}
	query := u.Query()
	ca = query.Get("ca")
	if ca == "" {
		return text, "", nil
	}
	query.Del("ca")
	u.RawQuery = query.Encode()
	return u.String(), ca, nil
}
