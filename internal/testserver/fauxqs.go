package testserver

import (
	_ "embed" // the script that binds fauxqs to the loopback
	"os"
	"os/exec"
	"path/filepath"
	"testing"
)

// FauxqsVariable names where fauxqs' server.js is, for those who have it elsewhere than in
// node_modules.
const FauxqsVariable = "INIESTA_FAUXQS"

const installFauxqs = "install node, then npm install --no-save --no-package-lock fauxqs@1.9.2 in the repository"

//go:embed loopback.cjs
var loopbackScript []byte

// Fauxqs starts fauxqs, an SQS and SNS server that others wrote, on 127.0.0.1 alone, and returns its URL. It ends
// with the test. The test is skipped where there is none to start; see Missing.
func Fauxqs(t testing.TB) string {
	t.Helper()
	node, err := exec.LookPath("node")
	script := fauxqsScript()
	if err != nil || script == "" {
		Missing(t, "fauxqs", installFauxqs)
	}
	loopback := filepath.Join(t.TempDir(), "loopback.cjs")
	must(t, os.WriteFile(loopback, loopbackScript, 0o600))
	port := freePort(t)
	p := &process{t: t, address: "127.0.0.1:" + port, command: func() *exec.Cmd {
		c := exec.Command(node, "--require", loopback, script)
		c.Env = append(os.Environ(), "FAUXQS_PORT="+port, "FAUXQS_HOST=127.0.0.1", "FAUXQS_LOGGER=false")
		return c
	}}
	t.Cleanup(p.kill)
	p.start()
	return "http://127.0.0.1:" + port
}

// fauxqsScript looks for the server from the working directory upwards.
func fauxqsScript() string {
	if path := os.Getenv(FauxqsVariable); path != "" {
		return path
	}
	dir, err := os.Getwd()
	if err != nil {
		return ""
	}
	for {
		path := filepath.Join(dir, "node_modules", "fauxqs", "dist", "server.js")
		if _, err := os.Stat(path); err == nil {
			return path
		}
		if parent := filepath.Dir(dir); parent != dir {
			dir = parent
			continue
		}
		return ""
	}
}
