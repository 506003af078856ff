package main

import (
	"fmt"
	"path/filepath"
	"runtime/debug"

	"github.com/spf13/cobra"

	"github.com/seed08532102/iniesta/iniesta/config"
	"github.com/seed08532102/iniesta/internal/port"
)

func newPort() *cobra.Command {
	var o port.Options
	cmd := &cobra.Command{
		Use:   "port DIR",
		Short: "Write a Go skeleton of a Python service",
		Long: `Read the Python service in DIR and write a Go module that compiles: its handlers with their events, the routes
of publish_event, a function for each message that is published or sent, its settings, a main, and a test per
handler. The Python body of each handler is the comment above the Go one, which returns an error until it is
ported. PORT: in a comment is what a person has to decide.

Python is parsed by your own python3 (3.8 or later), and nothing of the service is imported or run. What only
running it shows is named with file and line, and never guessed. Only the directory of --out is written to.`,
		Example: `  iniesta port ./points
  iniesta port ./points --out ./points-go --module github.com/acme/points --exclude migrations`,
		Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			o.Dir, o.Version, o.Check = args[0], libraryVersion(), checkSettings
			name, err := nameOf(o.Dir)
			if err != nil {
				return err
			}
			if o.Out == "" {
				o.Out = port.ModuleName(name) + "-go"
			}
			if o.Module == "" {
				o.Module = "example.com/" + port.ModuleName(name)
			}
			if err := port.CheckModule(o.Module); err != nil {
				return fmt.Errorf("--module %q: %w", o.Module, err)
			}
			if o.Replace != "" {
				if o.Replace, err = filepath.Abs(o.Replace); err != nil {
					return err
				}
			}
			result, err := port.Run(cmd.Context(), o)
			if err != nil {
				return err
			}
			result.Print(cmd.OutOrStdout(), o.Out)
			return nil
		},
	}
	cmd.Flags().StringVar(&o.Out, "out", "", "directory for the Go module, empty or not there yet; DIR-go in the working directory by default")
	cmd.Flags().StringVar(&o.Module, "module", "", "path of the Go module; example.com/DIR by default")
	cmd.Flags().StringArrayVar(&o.Exclude, "exclude", nil, "leave out files and directories that match this pattern; may be repeated")
	cmd.Flags().StringVar(&o.Python, "python", "", "the Python program; python3 by default")
	cmd.Flags().StringVar(&o.Replace, "replace", "", "a checkout of this library that the module uses, for development")
	return cmd
}

func nameOf(dir string) (string, error) {
	absolute, err := filepath.Abs(dir)
	return filepath.Base(absolute), err
}

// libraryVersion is the version that this command was installed as. It is empty for a build of a checkout, whose
// version cannot be downloaded: such a build has no checksum.
func libraryVersion() string {
	info, ok := debug.ReadBuildInfo()
	if !ok || info.Main.Sum == "" {
		return ""
	}
	return info.Main.Version
}

func checkSettings(settings map[string]string) error {
	_, err := config.LoadFrom(settings)
	return err
}
