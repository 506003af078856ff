package testserver_test

import (
	"net"
	"net/url"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/seed08532102/iniesta/internal/testserver"
)

func TestFauxqsListensOnTheLoopbackAlone(t *testing.T) {
	u, err := url.Parse(testserver.Fauxqs(t))
	require.NoError(t, err)
	assert.Equal(t, "127.0.0.1", u.Hostname())
	others := []string{"127.0.0.2", "::1"} // of the loopback interface, which a server of every interface answers on
	addresses, err := net.InterfaceAddrs()
	require.NoError(t, err)
	for _, a := range addresses {
		if network, ok := a.(*net.IPNet); ok && !network.IP.IsLoopback() && !network.IP.IsLinkLocalUnicast() {
			others = append(others, network.IP.String())
		}
	}
	for _, host := range others {
		conn, err := net.DialTimeout("tcp", net.JoinHostPort(host, u.Port()), time.Second)
		if err == nil {
			conn.Close()
		}
		assert.Error(t, err, "it answers on %s", host)
	}
}
