// Reads a dashboard by the schema that Grafana publishes, and fails on a member that it has not: panels, their options, queries.
package main

import (
	"fmt"
	"os"

	"github.com/grafana/grafana-foundation-sdk/go/cog/plugins"
	"github.com/grafana/grafana-foundation-sdk/go/dashboard"
)

func main() {
	plugins.RegisterDefaultPlugins()
	text, err := os.ReadFile(os.Args[1])
	if err == nil {
		var read dashboard.Dashboard
		err = read.UnmarshalJSONStrict(text)
		fmt.Println(len(read.Panels), "panels")
	}
	// The list of what is wrong may be empty.
	if err != nil && err.Error() != "" {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}
