package localaws

// ReceiveFault is what goes wrong with a receive alone.
type ReceiveFault struct {
	Empty bool                   // answers at once and with nothing, whatever is there and however long it was to wait
	Most  int                    // messages in the answer, fewer than were asked for; 0 sets no limit
	Spoil func(body string) bool // messages whose body arrives damaged: it is not the one of its MD5
}

func (f ReceiveFault) limit(asked int) int {
	if f.Most > 0 {
		return min(asked, f.Most)
	}
	return asked
}

func (f ReceiveFault) spoil(messages []receivedMessage) {
	if f.Spoil == nil {
		return
	}
	for i := range messages {
		if f.Spoil(messages[i].Body) {
			messages[i].Body += "\ufffd"
		}
	}
}
