package report

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"runtime/debug"
	"strings"
	"time"
)

// The results stand between these lines of the document.
const (
	begin = "<!-- results: written by make bench -->\n"
	end   = "<!-- end of results -->\n"
)

// Document replaces the results in a Markdown file, and draws its plots beside it.
func Document(path string, tables []*Table) error {
	text, err := os.ReadFile(path)
	if err != nil {
		return fmt.Errorf("reading the document: %w", err)
	}
	before, rest, ok := bytes.Cut(text, []byte(begin))
	_, after, closed := bytes.Cut(rest, []byte(end))
	if !ok || !closed {
		return fmt.Errorf("%s has no lines %q and %q around its results", path, strings.TrimSpace(begin), strings.TrimSpace(end))
	}
	plots, err := draw(filepath.Dir(path), tables)
	if err != nil {
		return err
	}
	var out bytes.Buffer
	out.Write(before)
	out.WriteString(begin)
	out.WriteString("\n" + circumstances() + "\n")
	for _, plot := range plots {
		fmt.Fprintf(&out, "![%s](%s)\n\n", plot.title, plot.file)
	}
	for _, t := range tables {
		out.WriteString(t.Markdown() + "\n")
	}
	out.WriteString(end)
	out.Write(after)
	return os.WriteFile(path, out.Bytes(), 0o644)
}

// circumstances are when, on what and with which versions was measured.
func circumstances() string {
	text := fmt.Sprintf("Measured on %s with %s on %s/%s, %d cores%s.", time.Now().UTC().Format("2 January 2006"),
		runtime.Version(), runtime.GOOS, runtime.GOARCH, runtime.NumCPU(), processor())
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return text + "\n"
	}
	var versions []string
	for _, m := range info.Deps {
		switch m.Path {
		case "github.com/aws/aws-sdk-go-v2", "github.com/aws/aws-sdk-go-v2/service/sqs", "github.com/aws/smithy-go",
			"github.com/redis/go-redis/v9", "github.com/go-redsync/redsync/v4", "gocloud.dev":
			versions = append(versions, m.Path+" "+m.Version)
		}
	}
	return text + " Versions: " + strings.Join(versions, ", ") + ".\n"
}

func processor() string {
	text, _ := os.ReadFile("/proc/cpuinfo") // Linux has it
	for line := range strings.Lines(string(text)) {
		if name, ok := strings.CutPrefix(line, "model name"); ok {
			return " (" + strings.Trim(name, "\t: \n") + ")"
		}
	}
	return ""
}
