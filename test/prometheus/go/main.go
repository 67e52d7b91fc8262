// Asks a Prometheus API through client_golang and prints what it got, as JSON.
package main

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"strconv"
	"time"

	"github.com/prometheus/client_golang/api"
	v1 "github.com/prometheus/client_golang/api/prometheus/v1"
)

func main() {
	seconds, err := strconv.ParseInt(os.Args[2], 10, 64)
	must(err)
	end := time.Unix(seconds, 0)
	start := end.Add(-time.Minute)
	client, err := api.NewClient(api.Config{Address: os.Args[1]})
	must(err)
	prom := v1.NewAPI(client)
	ctx := context.Background()
	answers := map[string]any{}
	instant, warnings, err := prom.Query(ctx, `clients_total{code="200"}`, end)
	must(err)
	answers["instant"], answers["warnings"] = instant, warnings
	answers["range"], _, err = prom.QueryRange(ctx, "sum(clients_total)", v1.Range{Start: start, End: end, Step: 15 * time.Second})
	must(err)
	answers["series"], _, err = prom.Series(ctx, []string{"clients_total"}, start, end)
	must(err)
	answers["labels"], _, err = prom.LabelNames(ctx, []string{"clients_total"}, start, end)
	must(err)
	answers["values"], _, err = prom.LabelValues(ctx, "code", []string{"clients_total"}, start, end)
	must(err)
	metadata, err := prom.Metadata(ctx, "clients_total", "10")
	must(err)
	answers["metadata"] = metadata
	build, err := prom.Buildinfo(ctx)
	must(err)
	answers["version"] = build.Version
	_, _, err = prom.Query(ctx, "sum(", end)
	answers["error"] = fmt.Sprint(err)
	rules, err := prom.Rules(ctx)
	must(err)
	answers["groups"] = len(rules.Groups)
	must(json.NewEncoder(os.Stdout).Encode(answers))
}

func must(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}
