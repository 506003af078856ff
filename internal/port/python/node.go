package python

import (
	"encoding/json"
	"fmt"
)

// Node is a node of a syntax tree, as Python's module ast describes it. Methods of a nil Node return nothing.
type Node struct {
	// Kind is the class in Python's ast: FunctionDef, Call, Name.
	Kind string
	// Line and EndLine count from 1, Column and EndColumn are bytes from 0.
	Line, Column, EndLine, EndColumn int

	fields map[string]any
}

// UnmarshalJSON reads what trees.py writes.
func (n *Node) UnmarshalJSON(data []byte) error {
	var raw any
	if err := json.Unmarshal(data, &raw); err != nil {
		return err
	}
	read, ok := nodeOf(raw).(*Node)
	if !ok {
		return fmt.Errorf("not a node: %T", raw)
	}
	*n = *read
	return nil
}

func nodeOf(raw any) any {
	switch raw := raw.(type) {
	case []any:
		for i, item := range raw {
			raw[i] = nodeOf(item)
		}
		return raw
	case map[string]any:
		n := &Node{fields: raw}
		n.Kind, _ = raw["_"].(string)
		if at, ok := raw["at"].([]any); ok && len(at) == 4 {
			n.Line, n.Column, n.EndLine, n.EndColumn = number(at[0]), number(at[1]), number(at[2]), number(at[3])
		}
		delete(raw, "_")
		delete(raw, "at")
		for name, field := range raw {
			raw[name] = nodeOf(field)
		}
		return n
	}
	return raw
}

func number(v any) int {
	f, _ := v.(float64)
	return int(f)
}

// Is reports whether the node is of one of the kinds.
func (n *Node) Is(kinds ...string) bool {
	if n == nil {
		return false
	}
	for _, kind := range kinds {
		if n.Kind == kind {
			return true
		}
	}
	return false
}

// Node is the node in a field, nil where there is none.
func (n *Node) Node(field string) *Node {
	if n == nil {
		return nil
	}
	child, _ := n.fields[field].(*Node)
	return child
}

// Nodes are the nodes in a field that has a list. A missing one, as the key of **more in a dict, is nil.
func (n *Node) Nodes(field string) []*Node {
	if n == nil {
		return nil
	}
	items, _ := n.fields[field].([]any)
	nodes := make([]*Node, len(items))
	for i, item := range items {
		nodes[i], _ = item.(*Node)
	}
	return nodes
}

// Text is the text in a field, empty where there is none.
func (n *Node) Text(field string) string {
	if n == nil {
		return ""
	}
	text, _ := n.fields[field].(string)
	return text
}

// Texts are the texts in a field that has a list.
func (n *Node) Texts(field string) []string {
	if n == nil {
		return nil
	}
	items, _ := n.fields[field].([]any)
	texts := make([]string, len(items))
	for i, item := range items {
		texts[i], _ = item.(string)
	}
	return texts
}

// Int is the number in a field, 0 where there is none.
func (n *Node) Int(field string) int {
	if n == nil {
		return 0
	}
	return number(n.fields[field])
}

// Walk calls visit for the node and everything below it, parents first, until visit returns false for a node,
// whose children are then left out.
func (n *Node) Walk(visit func(*Node) bool) {
	if n == nil || !visit(n) {
		return
	}
	for _, field := range n.fields {
		switch field := field.(type) {
		case *Node:
			field.Walk(visit)
		case []any:
			for _, item := range field {
				if child, ok := item.(*Node); ok {
					child.Walk(visit)
				}
			}
		}
	}
}
