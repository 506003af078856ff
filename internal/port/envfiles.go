package port

import (
	"maps"
	"slices"
	"strings"

	"github.com/joho/godotenv"
)

// environment adds the settings of .env files, and names other files that mention settings.
func (s *Service) environment(files *sources) {
	for _, name := range slices.Sorted(maps.Keys(files.envFiles)) {
		content := files.envFiles[name]
		values, err := godotenv.Unmarshal(content)
		if err != nil {
			s.leave(Place{File: name}, "it is not read: %s", "its syntax is not that of NAME=value")
			continue
		}
		for _, key := range slices.Sorted(maps.Keys(values)) {
			v := values[key]
			key = strings.TrimPrefix(strings.TrimPrefix(key, "INSANIC_"), "SANIC_")
			if !isSetting(key) || v == "" {
				continue
			}
			at := Place{name, lineOf(content, key)}
			setting := &Setting{Name: settingName(key), Value: v, At: at, Secret: isSecret(key, v)}
			s.Settings = append(s.Settings, setting)
		}
	}
	for name, content := range files.others {
		if line := lineOf(content, "INIESTA_"); line > 0 {
			s.leave(Place{name, line}, "it mentions INIESTA_ settings, and is not read")
		}
	}
}

// lineOf is the first line that contains a text, 0 where none does.
func lineOf(content, wanted string) int {
	before, _, found := strings.Cut(content, wanted)
	if !found {
		return 0
	}
	return strings.Count(before, "\n") + 1
}
