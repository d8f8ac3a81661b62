package config

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"holdfast/core/conn"
	"holdfast/core/suggest"
	"holdfast/themes"
	"holdfast/tui"
)

// valueKind is what a value may be, beyond its type.
type valueKind struct {
	name     string // in the documentation
	expected string // in errors
	check    func(value any) error
}

// wrong says what was expected, also in place of a value of another type.
func (k valueKind) wrong() error { return errors.New("expected " + k.expected) }

// texts is a kind of string that a function can tell.
func texts(name, expected string, is func(text string) bool) valueKind {
	k := valueKind{name: name, expected: expected}
	k.check = func(value any) error {
		if !is(value.(string)) {
			return k.wrong()
		}
		return nil
	}
	return k
}

// kinds are those of the fields of structs, by the name in their tags. views are the views that there are.
func kinds(views []string) map[string]valueKind {
	filled := func(text string) bool { return text != "" }
	return map[string]valueKind{
		"text":              texts("a string", "a string", filled),
		"path":              texts("a path", "a string", filled),
		"bool":              {name: "true or false", expected: "true or false", check: func(any) error { return nil }},
		"number":            number(),
		"duration":          duration(),
		"urls":              urls(),
		"view":              oneOf(views),
		"connection colour": oneOf(tui.Colours()),
	}
}

func number() valueKind {
	k := valueKind{name: "a number", expected: "a number from 0 to 1000000"}
	k.check = func(value any) error {
		if n := value.(int64); n < 0 || n > 1_000_000 {
			return k.wrong()
		}
		return nil
	}
	return k
}

// MinRefresh spares the server.
const MinRefresh = 100 * time.Millisecond

func duration() valueKind {
	return texts("a duration", fmt.Sprintf(`a duration such as "1s", at least %v`, MinRefresh), func(text string) bool {
		d, err := time.ParseDuration(text)
		return err == nil && d >= MinRefresh
	})
}

// oneOf are words, of which an error names the nearest.
func oneOf(words []string) valueKind {
	k := valueKind{name: "one of `" + strings.Join(words, "`, `") + "`", expected: "one of " + strings.Join(words, ", ")}
	k.check = func(value any) error {
		if text := fmt.Sprint(value); !slices.Contains(words, text) {
			return fmt.Errorf("%w%s", k.wrong(), suggest.DidYouMean(text, words))
		}
		return nil
	}
	return k
}

func keyList() valueKind {
	return valueKind{name: "a list of keys", expected: `a list of keys, such as ["F", "ctrl+f"]; an empty one for none`, check: func(any) error { return nil }}
}

func titles(known []string) valueKind {
	k := valueKind{name: "a list of `" + strings.Join(known, "`, `") + "`", expected: "a list of " + strings.Join(known, ", ")}
	k.check = func(value any) error {
		listed := value.([]string)
		if len(listed) == 0 {
			return k.wrong()
		}
		for i, title := range listed {
			if !slices.Contains(known, title) {
				return fmt.Errorf("no column %q: %w%s", title, k.wrong(), suggest.DidYouMean(title, known))
			}
			if slices.Contains(listed[:i], title) {
				return fmt.Errorf("%s is listed twice", title)
			}
		}
		return nil
	}
	return k
}

// urls says nothing of what stands there: it may hold a password.
func urls() valueKind {
	k := valueKind{name: "a URL or a list of them", expected: "redis://, rediss:// or unix://, or a list of such URLs"}
	k.check = func(value any) error {
		list := value.(URLs)
		known := func(u string) bool {
			return strings.HasPrefix(u, "redis://") || strings.HasPrefix(u, "rediss://") || strings.HasPrefix(u, "unix://")
		}
		if len(list) == 0 || slices.ContainsFunc(list, func(u string) bool { return !known(u) }) {
			return k.wrong()
		}
		return nil
	}
	return k
}

func colour() valueKind {
	return valueKind{
		name: "a colour: `#rgb`, `#rrggbb`, `0` to `255`, or `default` for the terminal's own", expected: strings.TrimPrefix(themes.ErrColour.Error(), "expected "),
		check: func(value any) error {
			_, err := themes.Colour(string(value.(Colour)))
			return err
		},
	}
}

func keyPrefix() valueKind {
	return texts("a prefix that ends in a colon", `a string that ends in a colon, such as "shop:buf:", without % { } * ? [ ] \`, func(text string) bool {
		body, ends := strings.CutSuffix(text, ":")
		for part := range strings.SplitSeq(body, ":") {
			if part == "" || conn.Escape(part) != part {
				ends = false
			}
		}
		return ends
	})
}
