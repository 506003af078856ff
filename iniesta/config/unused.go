package config

import "slices"

// Unused is a group of settings that a program has no use for. Load does not read them and Validate does
// not check them, so that a bad value of theirs fails nothing.
type Unused int

const (
	// NoLockNodes leaves INIESTA_CACHES out, for a program that gives its own lock nodes.
	NoLockNodes Unused = iota + 1
	// NoLocks leaves INIESTA_CACHES, INIESTA_LOCK_RETRY_COUNT and INIESTA_LOCK_TIMEOUT out, for a program
	// that locks nothing, or by means of its own.
	NoLocks
)

// settings are those of the group.
func (u Unused) settings() []string {
	switch u {
	case NoLockNodes:
		return []string{"INIESTA_CACHES"}
	case NoLocks:
		return []string{"INIESTA_CACHES", "INIESTA_LOCK_RETRY_COUNT", "INIESTA_LOCK_TIMEOUT"}
	}
	return nil
}

func unused(groups []Unused, setting string) bool {
	return slices.ContainsFunc(groups, func(u Unused) bool { return slices.Contains(u.settings(), setting) })
}
