package consumer

import (
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/stretchr/testify/assert"

	"github.com/seed08532102/iniesta/internal/awsclient"
)

func coded(code string) error { return awsclient.EntryError(aws.String(code), nil, true) }

func TestCallsThatComeToNothingAreAProblem(t *testing.T) {
	denied, throttled, final, network := coded("AccessDenied"), coded("ThrottlingException"), coded("ReceiptHandleIsInvalid"), errors.New("connection reset")
	for name, c := range map[string]struct {
		calls [][]error // outcomes of the entries
		says  string    // empty where there is no problem
		last  error
	}{
		"nothing was asked for":                {nil, "", nil},
		"all is well":                          {[][]error{{nil, nil}}, "", nil},
		"a permission is missing":              {[][]error{{denied, denied}}, "1 calls in a row failed for 0s", denied},
		"a key is disabled":                    {[][]error{{coded("KMS.DisabledException")}}, "1 calls in a row failed for 0s", nil},
		"one failure of the network":           {[][]error{{network}}, "", nil},
		"two":                                  {[][]error{{network}, {network}}, "", nil},
		"three":                                {[][]error{{network}, {network}, {throttled}}, "3 calls in a row failed for 2s", throttled},
		"three, and a success":                 {[][]error{{network}, {network}, {network}, {nil}}, "", nil},
		"two, a success, and two":              {[][]error{{network}, {network}, {nil}, {network}, {network}}, "", nil},
		"one entry of ten is taken":            {[][]error{{denied, denied, nil, denied}}, "", nil},
		"an entry is refused for what it says": {[][]error{{network}, {network}, {network, final}}, "", nil},
		"a permission is missing, and given":   {[][]error{{denied}, {nil}}, "", nil},
		"throttled calls, then a permission that is gone": {[][]error{{throttled}, {denied}}, "2 calls in a row failed for 1s", denied},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				var h callHealth
				for i, outcomes := range c.calls {
					if i > 0 {
						time.Sleep(time.Second)
					}
					h.note(outcomes)
				}
				if c.says == "" {
					assert.NoError(t, h.problem())
					return
				}
				assert.ErrorContains(t, h.problem(), c.says)
				if c.last != nil {
					assert.ErrorIs(t, h.problem(), c.last)
				}
				time.Sleep(callMemory)
				assert.Error(t, h.problem())
				time.Sleep(time.Nanosecond)
				assert.NoError(t, h.problem(), "nothing was asked for since then")
			})
		})
	}
}
