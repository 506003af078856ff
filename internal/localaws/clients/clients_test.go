//go:build clients

package clients

import (
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/seed08532102/iniesta/internal/localaws"
	"github.com/seed08532102/iniesta/internal/localaws/conformance"
)

var installs = os.Getenv("INIESTA_INSTALL_CLIENTS") != ""

// run runs a program against a server of its own, in the environment that SDKs read.
func run(t *testing.T, directory string, env []string, name string, args ...string) {
	server := localaws.New()
	url, err := server.Start()
	require.NoError(t, err)
	defer server.Close()
	cmd := exec.CommandContext(t.Context(), name, args...)
	cmd.Dir = directory
	cmd.Env = append(os.Environ(), "AWS_ENDPOINT_URL="+url, "ENDPOINT="+url, "AWS_ACCESS_KEY_ID=key", "AWS_SECRET_ACCESS_KEY=secret",
		"AWS_DEFAULT_REGION=us-east-1", "AWS_REGION=us-east-1", "AWS_EC2_METADATA_DISABLED=true", "AWS_PAGER=")
	cmd.Env = append(cmd.Env, env...)
	out, err := cmd.CombinedOutput()
	require.NoError(t, err, "%s", out)
	t.Logf("%s", out)
}

func script(t *testing.T, name string) string {
	path, err := filepath.Abs(filepath.Join("testdata", name))
	require.NoError(t, err)
	return path
}

func has(name string, args ...string) bool { return exec.Command(name, args...).Run() == nil }

func TestBoto3(t *testing.T) {
	if !has("python3", "-c", "import boto3") {
		t.Skip("boto3 is not installed")
	}
	run(t, t.TempDir(), nil, "python3", script(t, "boto3_calls.py"), "json")
}

// TestOlderBoto3 runs the boto3 of Debian 12, which speaks the query protocol with SQS.
func TestOlderBoto3(t *testing.T) {
	if !installs {
		t.Skip("INIESTA_INSTALL_CLIENTS is not set")
	}
	directory := t.TempDir()
	fetch := exec.Command("apt-get", "download", "python3-boto3", "python3-botocore", "python3-jmespath", "python3-s3transfer", "python3-dateutil", "python3-six", "python3-urllib3")
	fetch.Dir = directory
	if out, err := fetch.CombinedOutput(); err != nil {
		t.Skipf("Debian's packages cannot be had: %s", out)
	}
	packages, err := filepath.Glob(filepath.Join(directory, "*.deb"))
	require.NoError(t, err)
	for _, p := range packages {
		require.NoError(t, exec.Command("dpkg", "-x", p, directory).Run())
	}
	run(t, directory, []string{"PYTHONPATH=" + filepath.Join(directory, "usr/lib/python3/dist-packages")}, "python3", script(t, "boto3_calls.py"), "any")
}

func TestTheAWSCommandLine(t *testing.T) {
	if !has("aws", "--version") {
		t.Skip("the AWS CLI is not installed")
	}
	run(t, t.TempDir(), nil, "bash", script(t, "awscli_calls.sh"))
}

func TestTheJavaScriptSDKAndSQSConsumer(t *testing.T) {
	if !installs || !has("npm", "--version") {
		t.Skip("INIESTA_INSTALL_CLIENTS is not set, or npm is not installed")
	}
	directory := t.TempDir()
	npm := exec.Command("npm", "install", "--no-save", "--no-package-lock", "--no-audit", "--no-fund", "--loglevel=error",
		"@aws-sdk/client-sqs@3", "@aws-sdk/client-sns@3", "sqs-consumer@11")
	npm.Dir = directory
	out, err := npm.CombinedOutput()
	require.NoError(t, err, "%s", out)
	text, err := os.ReadFile(script(t, "javascript_calls.mjs"))
	require.NoError(t, err)
	path := filepath.Join(directory, "calls.mjs") // beside the packages, where it finds them
	require.NoError(t, os.WriteFile(path, text, 0o600))
	run(t, directory, nil, "node", path)
}

// leastOfMoto is how many rows of the table moto 5 answers as AWS does, with room for its versions.
const leastOfMoto = 60

func TestTheTableAgainstMoto(t *testing.T) {
	if _, err := exec.LookPath("moto_server"); err != nil {
		t.Skip("moto_server is not installed")
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	address := l.Addr().String()
	require.NoError(t, l.Close())
	_, port, _ := strings.Cut(address, ":")
	moto := exec.CommandContext(t.Context(), "moto_server", "-H", "127.0.0.1", "-p", port)
	require.NoError(t, moto.Start())
	t.Cleanup(func() { _ = moto.Process.Kill(); _ = moto.Wait() })
	require.Eventually(t, func() bool {
		c, err := net.Dial("tcp", address)
		if err == nil {
			c.Close()
		}
		return err == nil
	}, time.Minute, 50*time.Millisecond)
	agree, client := 0, &http.Client{}
	for _, c := range conformance.Cases() {
		r := c.Run(client, "http://"+address)
		if r.Agrees() {
			agree++
			continue
		}
		t.Logf("%s: %s: AWS %s %q, moto %s %q", c.About, c.What, c.Want, c.Text, r.Got, r.Message)
	}
	t.Logf("%d of %d", agree, len(conformance.Cases()))
	assert.GreaterOrEqual(t, agree, leastOfMoto)
}
