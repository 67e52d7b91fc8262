// Reads a table through Wattline's ClickHouse door with the official Go client; prints one JSON line a query.
package main

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"reflect"
	"strings"

	"github.com/ClickHouse/clickhouse-go/v2"
)

type query struct {
	SQL        string            `json:"sql"`
	Parameters map[string]string `json:"parameters"`
}

func main() {
	var queries []query
	check(json.Unmarshal([]byte(os.Args[2]), &queries))
	for _, method := range []clickhouse.CompressionMethod{
		clickhouse.CompressionNone, clickhouse.CompressionGZIP, clickhouse.CompressionLZ4, clickhouse.CompressionZSTD,
		clickhouse.CompressionDeflate, clickhouse.CompressionBrotli,
	} {
		connection, err := clickhouse.Open(&clickhouse.Options{
			Protocol:    clickhouse.HTTP,
			Addr:        []string{strings.TrimPrefix(os.Args[1], "http://")},
			HttpUrlPath: "/clickhouse/",
			Compression: &clickhouse.Compression{Method: method},
		})
		check(err)
		check(connection.Ping(context.Background()))
		for _, asked := range queries {
			ctx := clickhouse.Context(context.Background(), clickhouse.WithParameters(clickhouse.Parameters(asked.Parameters)))
			rows, err := connection.Query(ctx, asked.SQL)
			check(err)
			found := [][]any{}
			for rows.Next() {
				targets := make([]any, len(rows.ColumnTypes()))
				for index, column := range rows.ColumnTypes() {
					targets[index] = reflect.New(column.ScanType()).Interface()
				}
				check(rows.Scan(targets...))
				for index, target := range targets {
					targets[index] = plain(reflect.ValueOf(target).Elem().Interface())
				}
				found = append(found, targets)
			}
			check(rows.Err())
			check(json.NewEncoder(os.Stdout).Encode(found))
		}
	}
}

// plain makes text of integers: JSON's readers make doubles of numbers.
func plain(value any) any {
	found := reflect.ValueOf(value)
	switch found.Kind() {
	case reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64, reflect.Uint, reflect.Uint8, reflect.Uint16,
		reflect.Uint32, reflect.Uint64:
		return fmt.Sprint(value)
	case reflect.Slice:
		items := make([]any, found.Len())
		for index := range items {
			items[index] = plain(found.Index(index).Interface())
		}
		return items
	default:
		return value
	}
}

func check(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}
