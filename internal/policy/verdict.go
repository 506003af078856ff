package policy

// Decision is the answer of a policy to a question.
type Decision int

// Undecided is the answer where the policy asks for something that is not known here.
const (
	No Decision = iota
	Undecided
	Yes
)

// String is "no", "undecided" or "yes".
func (d Decision) String() string {
	switch d {
	case Yes:
		return "yes"
	case Undecided:
		return "undecided"
	}
	return "no"
}

// Verdict is a decision, with the reason for No and Undecided.
type Verdict struct {
	Decision Decision
	Why      string
}

func undecided(why string) Verdict { return Verdict{Undecided, why} }

func verdict(yes bool) Verdict {
	if yes {
		return Verdict{Decision: Yes}
	}
	return Verdict{Decision: No}
}

// all is Yes where every one is. One No decides, whatever the others are.
func all(verdicts ...Verdict) Verdict {
	result := Verdict{Decision: Yes}
	for _, v := range verdicts {
		if v.Decision < result.Decision {
			result = v
		}
	}
	return result
}

// anyOf is Yes where one is. It is No where there is none.
func anyOf(verdicts ...Verdict) Verdict {
	var result Verdict
	for _, v := range verdicts {
		if v.Decision > result.Decision {
			result = v
		}
	}
	return result
}

func not(v Verdict) Verdict { return Verdict{Yes - v.Decision, v.Why} }

// same is the verdict that two cases share, else undecided.
func same(a, b Verdict, why string) Verdict {
	if a.Decision == b.Decision {
		return a
	}
	return undecided(why)
}

// each asks about every one of several.
func each[T any](list []T, ask func(T) Verdict) []Verdict {
	verdicts := make([]Verdict, len(list))
	for i, one := range list {
		verdicts[i] = ask(one)
	}
	return verdicts
}
