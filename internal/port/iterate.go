package port

import (
	"strconv"

	"github.com/seed08532102/iniesta/internal/port/python"
)

// rangeOf is range.
func (r *reader) rangeOf(a arguments, n *python.Node) value {
	bounds := []int{}
	for _, arg := range a.positional {
		num, _ := arg.(number)
		i, err := strconv.Atoi(string(num))
		if err != nil {
			return r.unknown(n)
		}
		bounds = append(bounds, i)
	}
	from, to := 0, 0
	switch len(bounds) {
	case 1:
		to = bounds[0]
	case 2:
		from, to = bounds[0], bounds[1]
	default:
		return r.unknown(n)
	}
	if to-from > maxLoop {
		return r.unknown(n)
	}
	out := &sequence{}
	for i := from; i < to; i++ {
		out.items = append(out.items, number(strconv.Itoa(i)))
	}
	return out
}

// iterate is enumerate, zip, map and filter.
func (r *reader) iterate(name string, a arguments, n *python.Node) value {
	out := &sequence{}
	lists := [][]value{}
	from := 0
	if name == "map" || name == "filter" {
		from = 1
	}
	for _, arg := range a.positional[min(from, len(a.positional)):] {
		items, ok := r.items(arg)
		if !ok {
			return r.unknown(n)
		}
		lists = append(lists, items)
	}
	if len(lists) == 0 {
		return r.unknown(n)
	}
	for i := range lists[0] {
		var row []value
		for _, list := range lists {
			if i < len(list) {
				row = append(row, list[i])
			}
		}
		if len(row) < len(lists) {
			break
		}
		switch name {
		case "enumerate":
			out.items = append(out.items, &sequence{items: []value{number(strconv.Itoa(i)), row[0]}})
		case "zip":
			out.items = append(out.items, &sequence{items: row})
		case "map":
			out.items = append(out.items, r.call(a.positional[0], arguments{positional: row}, n))
		case "filter":
			keep, ok := truthOf(r.call(a.positional[0], arguments{positional: row}, n))
			out.open = out.open || !ok
			if keep || !ok {
				out.items = append(out.items, row[0])
			}
		}
	}
	return out
}
