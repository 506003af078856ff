package localaws

import (
	"cmp"
	"crypto"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha1"
	"crypto/sha256"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/base64"
	"encoding/hex"
	"encoding/pem"
	"math/big"
	"net/http"
	"strings"
	"sync"
	"time"
)

// signer signs envelopes with a key of the process's own, which its certificate is for.
type signer struct {
	key         *rsa.PrivateKey
	certificate []byte // PEM
	name        string // of the certificate's file
}

// certificatePath is where certificates are, up to their names.
const certificatePath = "/SimpleNotificationService-"

// theSigner makes the key when it is needed first, which takes a while.
var theSigner = sync.OnceValue(func() *signer {
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		panic(err) // there is no randomness
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "sns.amazonaws.com", Organization: []string{"iniesta local"}},
		NotBefore: time.Unix(0, 0), NotAfter: time.Date(2100, 1, 1, 0, 0, 0, 0, time.UTC), KeyUsage: x509.KeyUsageDigitalSignature,
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	if err != nil {
		panic(err) // the template is right
	}
	sum := sha256.Sum256(der)
	return &signer{
		key: key, certificate: pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}),
		name: certificatePath + hex.EncodeToString(sum[:16]) + ".pem",
	}
})

// sign signs an envelope, once for all subscriptions that get the same.
func (n *notification) sign(e *envelope) {
	text := e.toSign()
	e.SignatureVersion = cmp.Or(n.topic.attributes["SignatureVersion"], "1")
	e.SigningCertURL = n.base + theSigner().name
	if n.signed == nil {
		n.signed = make(map[string]string)
	}
	if n.signed[text] == "" {
		n.signed[text] = theSigner().sign(text, e.SignatureVersion)
	}
	e.Signature = n.signed[text]
}

func (s *signer) sign(text, version string) string {
	hash, sum := crypto.SHA1, []byte(nil)
	if version == "2" {
		of := sha256.Sum256([]byte(text))
		hash, sum = crypto.SHA256, of[:]
	} else {
		of := sha1.Sum([]byte(text))
		sum = of[:]
	}
	signature, err := rsa.SignPKCS1v15(nil, s.key, hash, sum)
	if err != nil {
		panic(err) // the key and the hash are right
	}
	return base64.StdEncoding.EncodeToString(signature)
}

// toSign is the text that is signed: names and values of some parts, a line each, by name.
func (e *envelope) toSign() string {
	var b strings.Builder
	for _, part := range [][2]string{
		{"Message", e.Message}, {"MessageId", e.MessageId}, {"Subject", e.Subject}, {"SubscribeURL", e.SubscribeURL},
		{"Timestamp", e.Timestamp}, {"Token", e.Token}, {"TopicArn", e.TopicArn}, {"Type", e.Type},
	} {
		if part[1] != "" {
			b.WriteString(part[0] + "\n" + part[1] + "\n")
		}
	}
	return b.String()
}

// serveCertificate answers with the certificate that SigningCertURL names.
func serveCertificate(w http.ResponseWriter) {
	w.Header().Set("Content-Type", "application/x-pem-file")
	_, _ = w.Write(theSigner().certificate) // a client that left is not told
}
