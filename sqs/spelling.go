package sqs

import (
	"reflect"
	"strings"
)

// nearestMethod is the exported method whose name is at most a third of its letters away from name.
func nearestMethod(object reflect.Type, name string) string {
	best, bestDistance := "", max(len(name)/3, 1)+1
	for i := range object.NumMethod() {
		candidate := object.Method(i).Name
		if d := distance(strings.ToLower(candidate), strings.ToLower(name)); d < bestDistance && candidate != "Handlers" {
			best, bestDistance = candidate, d
		}
	}
	return best
}

// distance counts the letters to insert, drop or change between two names (Levenshtein).
func distance(a, b string) int {
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		diagonal := row[0]
		row[0] = i + 1
		for j := range len(b) {
			change := diagonal
			if a[i] != b[j] {
				change++
			}
			diagonal = row[j+1]
			row[j+1] = min(change, row[j]+1, row[j+1]+1)
		}
	}
	return row[len(b)]
}
