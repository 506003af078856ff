// Package testserver starts the real servers that tests run against: redis-server, and fauxqs for SQS
// and SNS. Each listens on a free port of 127.0.0.1 and ends with its test.
package testserver

import (
	"net"
	"os"
	"strconv"
	"testing"
)

// RequireVariable is the environment variable that makes a missing server a failure. CI sets it.
const RequireVariable = "INIESTA_REQUIRE_SERVERS"

// Missing skips a test whose server is not installed, or fails it where servers are required.
func Missing(t testing.TB, what, install string) {
	t.Helper()
	if os.Getenv(RequireVariable) != "" {
		t.Fatalf("%s is required (%s is set) and was not found: %s", what, RequireVariable, install)
	}
	t.Skipf("%s was not found: %s", what, install)
}

// freePort returns a port of the loopback that nothing listens on.
func freePort(t testing.TB) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatalf("looking for a free port: %v", err)
	}
	defer l.Close()
	return strconv.Itoa(l.Addr().(*net.TCPAddr).Port)
}
