package localaws_test

import (
	"crypto"
	"crypto/rsa"
	"crypto/sha1"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"io"
	"net/http"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sns"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/seed08532102/iniesta/internal/localaws"
)

// envelope is what SNS puts around a message.
type envelope struct {
	Type, MessageId, TopicArn, Subject, Message, Timestamp, SignatureVersion, Signature, SigningCertURL, UnsubscribeURL, SubscribeURL, Token string
}

// verify checks a signature as clients do: with the certificate that the envelope names, over the parts in order.
func (e envelope) verify(t *testing.T, client *http.Client) {
	response, err := client.Get(e.SigningCertURL)
	require.NoError(t, err)
	defer response.Body.Close()
	text, err := io.ReadAll(response.Body)
	require.NoError(t, err)
	block, _ := pem.Decode(text)
	require.NotNil(t, block, string(text))
	certificate, err := x509.ParseCertificate(block.Bytes)
	require.NoError(t, err)
	signed := "Message\n" + e.Message + "\nMessageId\n" + e.MessageId + "\n"
	for _, part := range [][2]string{{"Subject", e.Subject}, {"SubscribeURL", e.SubscribeURL}, {"Timestamp", e.Timestamp}, {"Token", e.Token}, {"TopicArn", e.TopicArn}, {"Type", e.Type}} {
		if part[1] != "" {
			signed += part[0] + "\n" + part[1] + "\n"
		}
	}
	signature, err := base64.StdEncoding.DecodeString(e.Signature)
	require.NoError(t, err)
	hash, sum1, sum256 := crypto.SHA1, sha1.Sum([]byte(signed)), sha256.Sum256([]byte(signed))
	sum := sum1[:]
	if e.SignatureVersion == "2" {
		hash, sum = crypto.SHA256, sum256[:]
	}
	assert.NoError(t, rsa.VerifyPKCS1v15(certificate.PublicKey.(*rsa.PublicKey), hash, sum, signature))
}

func TestEnvelopesAreSigned(t *testing.T) {
	server := localaws.New()
	defer server.Close()
	for _, version := range []string{"1", "2"} {
		w := newClients(t, server, "us-east-1", "key")
		topic := w.topic("signed-" + version)
		queue := w.inbox(topic, "inbox-"+version, nil)
		_, err := w.sns.SetTopicAttributes(t.Context(), &sns.SetTopicAttributesInput{TopicArn: &topic, AttributeName: aws.String("SignatureVersion"), AttributeValue: &version})
		require.NoError(t, err)
		for _, subject := range []*string{nil, aws.String("<Hi>")} {
			_, err = w.sns.Publish(t.Context(), &sns.PublishInput{TopicArn: &topic, Message: aws.String(`{"a":"<é>"}`), Subject: subject})
			require.NoError(t, err)
			got := w.receive(queue)
			require.Len(t, got, 1)
			assert.NotContains(t, *got[0].Body, `\u003c`, "as SNS writes it")
			var e envelope
			require.NoError(t, json.Unmarshal([]byte(*got[0].Body), &e))
			assert.Equal(t, version, e.SignatureVersion)
			e.verify(t, &http.Client{Transport: server.Transport()})
		}
	}
}
