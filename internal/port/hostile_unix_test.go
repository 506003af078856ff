//go:build unix

package port

import (
	"path/filepath"
	"syscall"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestAPipeIsNotWaitedFor(t *testing.T) {
	needPython(t)
	dir := t.TempDir()
	require.NoError(t, syscall.Mkfifo(filepath.Join(dir, "pipe.py"), 0o600))
	_, err := Run(t.Context(), Options{Dir: dir, Out: filepath.Join(t.TempDir(), "out"), Module: "example.com/x"})
	require.ErrorContains(t, err, "pipe.py: not a regular file")
}
