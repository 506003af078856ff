package consumer

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
)

func TestSecondsAreRoundedUpToWhatSQSTakes(t *testing.T) {
	for d, want := range map[time.Duration]int32{
		-time.Second: 0, 0: 0, 1: 1, time.Millisecond: 1, time.Second: 1, time.Second + 1: 2, 1500 * time.Millisecond: 2,
		maxVisibility: 43200, maxVisibility + time.Hour: 43200,
	} {
		assert.Equal(t, want, seconds(d), d)
	}
}
