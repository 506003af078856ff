package config

import (
	"fmt"
	"log/slog"
	"net/url"
	"strconv"
	"strings"

	"github.com/seed08532102/iniesta/internal/redisurl"
)

const masked = "xxxxx"

// Secret is a text that is not printed: only Reveal shows it.
type Secret struct{ hidden hidden }

// NewSecret makes a Secret of its text.
func NewSecret(text string) Secret { return Secret{hide(text)} }

// Reveal returns the text.
func (s Secret) Reveal() string { return s.hidden.reveal() }

// String masks the text, and shows whether there is one.
func (s Secret) String() string {
	if s.Reveal() == "" {
		return ""
	}
	return masked
}

// Format masks the text under every verb.
func (s Secret) Format(f fmt.State, verb rune) { formatMasked(f, verb, s.String()) }

// MarshalText masks the text, for encoding/json and the like.
func (s Secret) MarshalText() ([]byte, error) { return []byte(s.String()), nil }

// LogValue masks the text.
func (s Secret) LogValue() slog.Value { return slog.StringValue(s.String()) }

// RedisURL is the URL of a Redis node, redis://user:password@host:port/db, or rediss:// for TLS, where
// ?ca=/path/to/ca.pem names the authority that signed the node's certificate unless the system knows it. Its
// password is not printed: only Reveal shows it.
type RedisURL struct{ hidden hidden }

// NewRedisURL makes a RedisURL of its text. It is checked by Config.Validate.
func NewRedisURL(text string) RedisURL { return RedisURL{hide(text)} }

// Reveal returns the URL with its password.
func (u RedisURL) Reveal() string { return u.hidden.reveal() }

// String is the URL with its password masked.
func (u RedisURL) String() string { return maskURL(u.Reveal()) }

// Format masks the password under every verb.
func (u RedisURL) Format(f fmt.State, verb rune) { formatMasked(f, verb, u.String()) }

// MarshalText masks the password, for encoding/json and the like.
func (u RedisURL) MarshalText() ([]byte, error) { return []byte(u.String()), nil }

// LogValue masks the password.
func (u RedisURL) LogValue() slog.Value { return slog.StringValue(u.String()) }

func (u RedisURL) valid() bool { return redisurl.Valid(u.Reveal()) }

// hidden is a text behind a pointer, which is all that package fmt prints of it: it calls no method of what
// is in an unexported field of somebody else's struct.
type hidden struct{ text *string }

func hide(text string) hidden { return hidden{&text} }

func (h hidden) reveal() string {
	if h.text == nil {
		return ""
	}
	return *h.text
}

func formatMasked(f fmt.State, verb rune, text string) {
	if verb == 'q' || verb == 'v' && f.Flag('#') {
		text = strconv.Quote(text)
	}
	_, _ = fmt.Fprint(f, text) // fmt has nowhere to report a failed write
}

// maskURL masks what may be a password in a URL, also in one that cannot be read.
func maskURL(text string) string {
	u, err := url.Parse(text)
	// An @ further back says that the user or the password has a slash that is not escaped.
	if err == nil && u.Host != "" && u.Opaque == "" && !strings.Contains(u.Path, "@") {
		if u.User != nil && u.User.String() != "" {
			u.User = maskUser(u.User)
		}
		u.RawQuery, u.Fragment = "", "" // go-redis takes a password there too
		return u.String()
	}
	return masked
}

func maskUser(user *url.Userinfo) *url.Userinfo {
	if _, ok := user.Password(); ok {
		return url.UserPassword(user.Username(), masked)
	}
	return url.User(masked) // a lone user may be a token
}

// printable is a value as an error may show it.
func printable(setting, value string) string {
	switch {
	case setting == "INIESTA_AWS_SECRET_ACCESS_KEY":
		return masked
	case setting == "INIESTA_CACHES":
		list, err := parseRedisURLs(value)
		if err != nil {
			return masked
		}
		texts := make([]string, len(list))
		for i, u := range list {
			texts[i] = u.String()
		}
		return strings.Join(texts, ",")
	case strings.Contains(value, "://"):
		return maskURL(value)
	}
	return value
}
