package testserver

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"math/big"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"
)

// SecureRedis is a redis-server with TLS and one user, who may do what a lock needs and nothing else.
type SecureRedis struct {
	Address string
	CA      string // a file
}

// The user of a SecureRedis.
const (
	SecureUser     = "iniesta"
	SecurePassword = "hunter2-planted"
)

// secureACL is what docs/operations.md says that the user of a lock node needs.
const secureACL = "user " + SecureUser + " on >" + SecurePassword +
	" resetchannels ~sqs:event:* -@all +set +get +del +pexpire +pttl +eval +evalsha +ping +hello +auth +select\nuser default off\n"

// RedisTLS starts a redis-server that speaks nothing but TLS.
func RedisTLS(t testing.TB) *SecureRedis {
	t.Helper()
	path, err := exec.LookPath("redis-server")
	if err != nil {
		Missing(t, "redis-server", "apt-get install redis-server, brew install redis")
	}
	dir := t.TempDir()
	certificate, key := selfSigned(t, dir)
	acl := filepath.Join(dir, "users.acl")
	must(t, os.WriteFile(acl, []byte(secureACL), 0o600))
	port := freePort(t)
	p := &process{t: t, address: "127.0.0.1:" + port, command: func() *exec.Cmd {
		return exec.Command(path, "--port", "0", "--tls-port", port, "--bind", "127.0.0.1", "--save", "", "--appendonly", "no",
			"--tls-cert-file", certificate, "--tls-key-file", key, "--tls-ca-cert-file", certificate, "--tls-auth-clients", "no", "--aclfile", acl)
	}}
	t.Cleanup(p.kill)
	p.start()
	return &SecureRedis{Address: p.address, CA: certificate}
}

// selfSigned writes a certificate for 127.0.0.1 that is its own authority.
func selfSigned(t testing.TB, dir string) (certificate, key string) {
	private, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	must(t, err)
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "lock node"}, IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)},
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour), IsCA: true, BasicConstraintsValid: true,
		KeyUsage: x509.KeyUsageDigitalSignature | x509.KeyUsageCertSign, ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth},
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &private.PublicKey, private)
	must(t, err)
	encoded, err := x509.MarshalECPrivateKey(private)
	must(t, err)
	certificate, key = filepath.Join(dir, "node.pem"), filepath.Join(dir, "node.key")
	must(t, os.WriteFile(certificate, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}), 0o600))
	must(t, os.WriteFile(key, pem.EncodeToMemory(&pem.Block{Type: "EC PRIVATE KEY", Bytes: encoded}), 0o600))
	return certificate, key
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
