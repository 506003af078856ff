package redlock

import (
	"context"
	"fmt"
	"log/slog"
	"net"
	"time"

	"github.com/redis/go-redis/v9"
)

// logDials has a client tell log of failed dials, at debug. go-redis itself has a single logger for the whole program,
// which writes to standard error and is the program's to set. It logs nothing but failed dials while a
// server is away, so a failed dial returns a connection that fails with the error at its first use.
func logDials(o *redis.Options, log *slog.Logger) {
	dial := redis.NewDialer(o)
	o.Dialer = func(ctx context.Context, network, address string) (net.Conn, error) {
		conn, err := dial(ctx, network, address)
		if err == nil {
			return conn, nil
		}
		log.Debug("[INIESTA] A lock node cannot be dialed", slog.String("node", address), slog.Any("error", err))
		return undialed{fmt.Errorf("connecting: %w", err)}, nil // go-redis takes one layer off
	}
}

// undialed is a connection that was not made, because of an error.
type undialed struct{ err error }

func (c undialed) Read([]byte) (int, error)         { return 0, c.err }
func (c undialed) Write([]byte) (int, error)        { return 0, c.err }
func (c undialed) Close() error                     { return nil }
func (c undialed) LocalAddr() net.Addr              { return nowhere{} }
func (c undialed) RemoteAddr() net.Addr             { return nowhere{} }
func (c undialed) SetDeadline(time.Time) error      { return nil }
func (c undialed) SetReadDeadline(time.Time) error  { return nil }
func (c undialed) SetWriteDeadline(time.Time) error { return nil }

// nowhere is the address of a connection that was not made.
type nowhere struct{}

func (nowhere) Network() string { return "tcp" }
func (nowhere) String() string  { return "not connected" }
