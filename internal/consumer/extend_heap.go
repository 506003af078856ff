package consumer

// dueHeap orders deliveries by when something has to be done for them.
type dueHeap []*delivery

func (h dueHeap) Len() int           { return len(h) }
func (h dueHeap) Less(i, j int) bool { return h[i].extension.due.Before(h[j].extension.due) }
func (h dueHeap) Swap(i, j int) {
	h[i], h[j] = h[j], h[i]
	h[i].extension.index, h[j].extension.index = i, j
}
func (h *dueHeap) Push(d any) {
	d.(*delivery).extension.index = len(*h)
	*h = append(*h, d.(*delivery))
}
func (h *dueHeap) Pop() any {
	last := len(*h) - 1
	d := (*h)[last]
	(*h)[last] = nil
	*h = (*h)[:last]
	d.extension.index = -1
	return d
}
