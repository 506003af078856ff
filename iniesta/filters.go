package iniesta

import (
	"fmt"

	"github.com/seed08532102/iniesta/iniesta/config"
	"github.com/seed08532102/iniesta/internal/filter"
	"github.com/seed08532102/iniesta/sqs"
)

// FilterPolicies is the filter policy that the subscription of the service's queue should have, from
// INIESTA_SNS_EVENT_KEY and INIESTA_SQS_CONSUMER_FILTERS of the environment. It encodes to the JSON that
// SNS takes. Python: Iniesta.filter_policies.
func FilterPolicies() (sqs.FilterPolicy, error) {
	c, err := config.Load(config.NoLocks)
	if err != nil {
		return nil, fmt.Errorf("iniesta: %w", err)
	}
	return filter.Parse(c.EventKey, c.ConsumerFilters)
}
