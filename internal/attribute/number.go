package attribute

import (
	"encoding/json"
	"fmt"
	"math"
	"strconv"
	"strings"
)

// maxDigits is the precision that SQS and SNS keep of a Number.
const maxDigits = 38

func numberValue(n json.Number) (Value, error) {
	text := n.String()
	var number json.Number
	if json.Unmarshal([]byte(text), &number) != nil || text == "null" || strings.HasPrefix(text, `"`) {
		return Value{}, fmt.Errorf("%w: %q is not a number", ErrInvalid, text)
	}
	if digits := countDigits(text); digits > maxDigits {
		return Value{}, fmt.Errorf("%w: a number of %d digits, at most %d are allowed", ErrInvalid, digits, maxDigits)
	}
	return Value{DataType: Number, StringValue: text}, nil
}

func countDigits(text string) int {
	mantissa, _, _ := strings.Cut(strings.ToLower(text), "e")
	return strings.Count(strings.Map(func(r rune) rune {
		if r >= '0' && r <= '9' {
			return '0'
		}
		return -1
	}, mantissa), "0")
}

func floatValue(f float64, bits int) (Value, error) {
	text, err := floatText(f, bits)
	if err != nil {
		return Value{}, err
	}
	return Value{DataType: Number, StringValue: text}, nil
}

// floatText writes a float as Python's str does: the fewest digits that read back the same, always with a
// fraction or an exponent, and the exponent from 1e16 up and below 1e-4.
func floatText(f float64, bits int) (string, error) {
	if math.IsNaN(f) || math.IsInf(f, 0) {
		return "", fmt.Errorf("%w: %v is not a number that can be sent", ErrInvalid, f)
	}
	form := byte('f')
	if size := math.Abs(f); size != 0 && (size < 1e-4 || size >= 1e16) {
		form = 'e'
	}
	text := strconv.FormatFloat(f, form, -1, bits)
	if form == 'f' && !strings.Contains(text, ".") {
		text += ".0"
	}
	return text, nil
}
