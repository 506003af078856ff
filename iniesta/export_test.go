package iniesta

import "github.com/seed08532102/iniesta/iniesta/config"

// PythonNodes compares lock nodes with those of the Python library, without asking any.
func PythonNodes(nodes []config.RedisURL) []Finding {
	c := &checker{config: config.Config{LockNodes: nodes}}
	c.pythonNodes()
	return c.findings
}
