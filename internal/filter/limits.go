package filter

import "fmt"

// The limits of SNS for a filter policy.
const (
	MaxValues = 150 // combinations: the numbers of values of all keys, multiplied
	MaxKeys   = 5   // on the first level
)

// checkLimits refuses a policy that SNS calls too complex.
func checkLimits(policy map[string]any) error {
	if n := len(policy); n > MaxKeys {
		return fmt.Errorf("it has %d keys, at most %d are allowed", n, MaxKeys)
	}
	if n := combinations(policy, 1); n > MaxValues {
		return fmt.Errorf("it has more than %d combinations of values", MaxValues)
	}
	return nil
}

// combinations multiplies the numbers of values, each counted as often as its key is deep, and adds up the
// alternatives of "$or". It stops counting above MaxValues.
func combinations(policy map[string]any, depth int) int {
	product := 1
	for key, value := range policy {
		switch v := value.(type) {
		case map[string]any:
			product *= combinations(v, depth+1)
		case []any:
			product *= values(key, v, depth)
		}
		product = min(product, MaxValues+1)
	}
	return product
}

func values(key string, list []any, depth int) int {
	if key != "$or" {
		return len(list) * depth
	}
	sum := 0
	for _, alternative := range list {
		if object, ok := alternative.(map[string]any); ok {
			sum += combinations(object, depth)
		}
	}
	return sum
}
