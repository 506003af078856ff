// Package docs checks that the documents name what exists. It has tests only.
package docs
