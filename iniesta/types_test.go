package iniesta_test

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/seed08532102/iniesta/iniesta"
)

func TestTypesPrintAsInPython(t *testing.T) {
	for want, names := range map[string][]string{
		"InitializationTypes.0":                                               nil,
		"InitializationTypes.QUEUE_POLLING":                                   {"QUEUE_POLLING"},
		"InitializationTypes.EVENT_POLLING":                                   {"EVENT_POLLING", "EVENT_POLLING"},
		"InitializationTypes.SNS_PRODUCER":                                    {"SNS_PRODUCER"},
		"InitializationTypes.CUSTOM":                                          {"CUSTOM"},
		"InitializationTypes.SNS_PRODUCER|EVENT_POLLING":                      {"EVENT_POLLING", "SNS_PRODUCER"},
		"InitializationTypes.CUSTOM|SNS_PRODUCER|EVENT_POLLING|QUEUE_POLLING": {"QUEUE_POLLING", "SNS_PRODUCER", "CUSTOM", "EVENT_POLLING"},
	} {
		types, err := iniesta.ParseInitializationTypes(names...)
		require.NoError(t, err)
		assert.Equal(t, want, types.String())
	}
	assert.Equal(t, "InitializationTypes.SNS_PRODUCER|4", (iniesta.SNS_PRODUCER | 4).String())
}

func TestTypesHaveTheValuesOfPython(t *testing.T) {
	assert.EqualValues(t, 1, iniesta.QUEUE_POLLING)
	assert.EqualValues(t, 2, iniesta.EVENT_POLLING)
	assert.EqualValues(t, 16, iniesta.SNS_PRODUCER)
	assert.EqualValues(t, 32, iniesta.CUSTOM)
	assert.True(t, (iniesta.SNS_PRODUCER | iniesta.EVENT_POLLING).Has(iniesta.EVENT_POLLING))
	assert.False(t, iniesta.EVENT_POLLING.Has(iniesta.SNS_PRODUCER|iniesta.EVENT_POLLING))
}

func TestWhatIsNoTypeIsRefusedByName(t *testing.T) {
	_, err := iniesta.ParseInitializationTypes("EVENT_POLLING", "polling", "")
	require.ErrorIs(t, err, iniesta.ErrInvalidType)
	assert.ErrorContains(t, err, `"polling": not an initialization type: accepted are QUEUE_POLLING, EVENT_POLLING, SNS_PRODUCER, CUSTOM`)
	assert.ErrorContains(t, err, `"": not`)
}
