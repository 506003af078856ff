package redisurl_test

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/seed08532102/iniesta/internal/redisurl"
)

func TestTheParametersOfGoRedisAreKeptBesideTheCA(t *testing.T) {
	ca := filepath.Join(t.TempDir(), "ca.pem")
	require.NoError(t, os.WriteFile(ca, []byte(certificate), 0o600))
	o, err := redisurl.Parse("rediss://user:p%40ss@node:6380/2?ca=" + ca + "&pool_size=7")
	require.NoError(t, err)
	assert.Equal(t, "node:6380", o.Addr)
	assert.Equal(t, "user", o.Username)
	assert.Equal(t, "p@ss", o.Password)
	assert.Equal(t, 2, o.DB)
	assert.Equal(t, 7, o.PoolSize)
	assert.NotNil(t, o.TLSConfig.RootCAs)
	assert.False(t, o.TLSConfig.InsecureSkipVerify)
}

func TestWhatIsNoURLIsRefusedWithoutBeingQuoted(t *testing.T) {
	for _, text := range []string{
		"", "node:6379", "http://user:hunter2@node/1", "unix://user:hunter2@/redis.sock", "redis://user:hunter2#@node/1",
		"redis://user:hunter2/@node/x", "redis://node/1?ca=/hunter2.pem", "rediss://user:hunter2%@node", "rediss://node/1?hunter2=1",
	} {
		t.Run(text, func(t *testing.T) {
			assert.False(t, redisurl.Valid(text))
			_, err := redisurl.Parse(text)
			require.ErrorIs(t, err, redisurl.ErrInvalid)
			assert.NotContains(t, err.Error(), "hunter2")
		})
	}
}

// certificate is of an authority whose key nobody has.
const certificate = `-----BEGIN CERTIFICATE-----
MIIBEzCBuqADAgECAgEBMAoGCCqGSM49BAMCMAAwIhgPMDAwMTAxMDEwMDAwMDBa
GA8yMTI2MTEyNDAxNTQxNlowADBZMBMGByqGSM49AgEGCCqGSM49AwEHA0IABFSw
xu0w6QPbf6ENRRzpmN+cfz4SUVhVc/iLmX0JZStHEROWiPOZnSw4UFk5ooEL2/Mc
2wJ3gJSKTnYGx8dG1+mjITAfMB0GA1UdDgQWBBRFjt6Hug1zV5AJQ971tNZvEljQ
JzAKBggqhkjOPQQDAgNIADBFAiANUdSpWsiD2uqOliwJJXcReWmxyCjIEQotuLQ+
gWrDiwIhAM52Zk1RVtZspGWjVa1lFoc8Sj4623rF4gVqlIFfyoiv
-----END CERTIFICATE-----
`
