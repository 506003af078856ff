package report

// Document replaces the results in a Markdown file.
func Document(path string, tables []*Table) error { return nil }
