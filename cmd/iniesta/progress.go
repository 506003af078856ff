package main

import (
	"io"
	"os"
	"sync"
	"time"

	"github.com/schollz/progressbar/v3"
	"golang.org/x/term"

	"github.com/seed08532102/iniesta/internal/redrive"
	"github.com/seed08532102/iniesta/internal/terminal"
)

// progress shows how many messages were moved: as a bar on a terminal, elsewhere as a line now and then.
type progress struct {
	mu       sync.Mutex
	out      io.Writer
	bar      *progressbar.ProgressBar // nil where there is no terminal
	expected int
	first    int // moved when this program looked first
	looked   bool
	began    time.Time
	said     time.Time
}

const sayEvery = 2 * time.Second

func newProgress(out io.Writer, expected int) *progress {
	p := &progress{out: out, expected: expected, began: time.Now(), said: time.Now()}
	if file, ok := out.(*os.File); ok && term.IsTerminal(int(file.Fd())) {
		p.bar = progressbar.NewOptions(expected,
			progressbar.OptionSetWriter(out), progressbar.OptionSetDescription("redrive"), progressbar.OptionShowCount(),
			progressbar.OptionShowIts(), progressbar.OptionSetItsString("messages"), progressbar.OptionSetPredictTime(true),
			progressbar.OptionThrottle(100*time.Millisecond), progressbar.OptionFullWidth())
	}
	return p
}

// show notes how far a move is. Moves call it from several goroutines.
func (p *progress) show(now redrive.Progress) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if !p.looked {
		p.looked, p.first = true, now.Moved
	}
	if now.Expected > 0 && now.Expected != p.expected {
		p.expected = now.Expected
		if p.bar != nil {
			p.bar.ChangeMax(now.Expected)
		}
	}
	p.moved(now.Moved)
}

// moved notes how many messages were moved so far.
func (p *progress) moved(n int) {
	if p.bar != nil {
		if n > p.expected { // the number at the beginning was an approximation
			p.expected = n
			p.bar.ChangeMax(n)
		}
		_ = p.bar.Set(n) // a bar that cannot be drawn is no reason to stop
		return
	}
	if time.Since(p.said) < sayEvery || n == 0 {
		return
	}
	p.said = time.Now()
	perSecond := float64(max(n-p.first, 1)) / time.Since(p.began).Seconds()
	left := time.Duration(float64(max(p.expected-n, 0)) / perSecond * float64(time.Second))
	_, _ = terminal.Fprintf(p.out, "%d of about %d messages, %.0f a second, %s left\n", n, max(p.expected, n), perSecond, left.Round(time.Second))
}

// end leaves the bar's line. It may be called twice.
func (p *progress) end() {
	if p.bar != nil {
		_ = p.bar.Exit() // as above
		_, _ = terminal.Fprintf(p.out, "\n")
		p.bar = nil
	}
}
