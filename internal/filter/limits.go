package filter

// The limits of SNS for a filter policy.
const (
	MaxValues = 150 // combinations: the values of each key multiplied, each times the depth of its key
	MaxKeys   = 5   // on the first level
)

// combinations counts the combinations of values, so far times those of a policy, and says whether it has nested keys.
func combinations(policy map[string]any, depth, sofar int) (n int, deep bool, err error) {
	n = sofar
	for _, key := range sortedKeys(policy) {
		switch v := policy[key].(type) {
		case map[string]any:
			if n, _, err = combinations(v, depth+1, n); err != nil {
				return 0, false, err
			}
			deep = true
		case []any:
			if len(v) == 0 {
				return 0, false, refuse("Empty arrays are not allowed")
			}
			if key != "$or" {
				n = min(n*len(v)*depth, MaxValues+1)
				continue
			}
			var below bool
			if n, below, err = alternatives(v, depth, n); err != nil {
				return 0, false, err
			}
			deep = deep || below
		default:
			return 0, false, refuse("%q must be an object or an array", key)
		}
	}
	return n, deep, nil
}

// alternatives adds up the combinations of each.
func alternatives(list []any, depth, sofar int) (n int, deep bool, err error) {
	if len(list) < 2 {
		return 0, false, refuse("$or needs two alternatives or more")
	}
	for _, a := range list {
		object, ok := a.(map[string]any)
		if !ok {
			return 0, false, refuse("the alternatives of $or must be objects")
		}
		some, below, err := combinations(object, depth, sofar)
		if err != nil {
			return 0, false, err
		}
		n, deep = min(n+some, MaxValues+1), deep || below
	}
	return n, deep, nil
}
