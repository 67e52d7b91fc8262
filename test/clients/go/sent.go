package main

import (
	"context"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"math"
	"os"
	"strconv"
	"sync"
	"time"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	"go.opentelemetry.io/otel/sdk/instrumentation"
	"go.opentelemetry.io/otel/sdk/log"
	"go.opentelemetry.io/otel/sdk/metric"
	"go.opentelemetry.io/otel/sdk/metric/metricdata"
	"go.opentelemetry.io/otel/sdk/resource"
	sdk "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/trace"
)

// Writes what the SDK hands to an exporter as JSON lines (../README.md), from its own objects, and lets it be sent.

type object = map[string]any

var (
	printing sync.Mutex
	failures []error
)

func print(line object) {
	printing.Lock()
	defer printing.Unlock()
	if err := json.NewEncoder(os.Stdout).Encode(line); err != nil {
		panic(err)
	}
}

func noted(err error) error {
	if err != nil {
		failures = append(failures, err)
	}
	return err
}

type spanTee struct{ sdk.SpanExporter }

func (tee spanTee) ExportSpans(ctx context.Context, spans []sdk.ReadOnlySpan) error {
	for _, span := range spans {
		print(object{
			"signal": "span", "resource": resourceOf(span.Resource()), "scope": scopeOf(span.InstrumentationScope()),
			"item": spanOf(span),
		})
	}
	return noted(tee.SpanExporter.ExportSpans(ctx, spans))
}

type logTee struct{ log.Exporter }

func (tee logTee) Export(ctx context.Context, records []log.Record) error {
	for _, record := range records {
		print(object{
			"signal": "log", "resource": resourceOf(record.Resource()), "scope": scopeOf(record.InstrumentationScope()),
			"item": logOf(record),
		})
	}
	return noted(tee.Exporter.Export(ctx, records))
}

type metricTee struct{ metric.Exporter }

func (tee metricTee) Export(ctx context.Context, metrics *metricdata.ResourceMetrics) error {
	for _, scoped := range metrics.ScopeMetrics {
		for _, found := range scoped.Metrics {
			data, points := dataOf(found.Data)
			for _, point := range points {
				print(object{
					"signal": "point", "resource": resourceOf(metrics.Resource), "scope": scopeOf(scoped.Scope),
					"metric": object{"name": found.Name, "description": found.Description, "unit": found.Unit},
					"data":   data, "item": point,
				})
			}
		}
	}
	return noted(tee.Exporter.Export(ctx, metrics))
}

func valueOf(value attribute.Value) object {
	switch value.Type() {
	case attribute.BOOL:
		return object{"bool_value": value.AsBool()}
	case attribute.INT64:
		return object{"int_value": strconv.FormatInt(value.AsInt64(), 10)}
	case attribute.FLOAT64:
		return object{"double_value": doubleOf(value.AsFloat64())}
	case attribute.STRING:
		return object{"string_value": value.AsString()}
	case attribute.BYTESLICE:
		return object{"bytes_value": base64.StdEncoding.EncodeToString(value.AsByteSlice())}
	case attribute.BOOLSLICE:
		return arrayOf(value.AsBoolSlice(), attribute.BoolValue)
	case attribute.INT64SLICE:
		return arrayOf(value.AsInt64Slice(), attribute.Int64Value)
	case attribute.FLOAT64SLICE:
		return arrayOf(value.AsFloat64Slice(), attribute.Float64Value)
	case attribute.STRINGSLICE:
		return arrayOf(value.AsStringSlice(), attribute.StringValue)
	case attribute.SLICE:
		return arrayOf(value.AsSlice(), func(item attribute.Value) attribute.Value { return item })
	case attribute.MAP:
		return object{"kvlist_value": attributesOf(value.AsMap())}
	default:
		return object{}
	}
}

func arrayOf[T any](items []T, wrap func(T) attribute.Value) object {
	values := make([]object, len(items))
	for index, item := range items {
		values[index] = valueOf(wrap(item))
	}
	return object{"array_value": values}
}

func attributesOf(attributes []attribute.KeyValue) object {
	found := object{}
	for _, pair := range attributes {
		found[string(pair.Key)] = valueOf(pair.Value)
	}
	return found
}

func doubleOf(value float64) any {
	switch {
	case math.IsNaN(value):
		return "NaN"
	case math.IsInf(value, 1):
		return "Infinity"
	case math.IsInf(value, -1):
		return "-Infinity"
	default:
		return value
	}
}

func nanoOf(at time.Time) string {
	if at.IsZero() {
		return "0"
	}
	return strconv.FormatInt(at.UnixNano(), 10)
}

func resourceOf(found *resource.Resource) object {
	return object{"attributes": attributesOf(found.Attributes()), "schema_url": found.SchemaURL()}
}

func scopeOf(scope instrumentation.Scope) object {
	return object{
		"name": scope.Name, "version": scope.Version, "schema_url": scope.SchemaURL,
		"attributes": attributesOf(scope.Attributes.ToSlice()),
	}
}

func spanOf(span sdk.ReadOnlySpan) object {
	parent := ""
	if span.Parent().HasSpanID() {
		parent = span.Parent().SpanID().String()
	}
	events := []object{}
	for _, event := range span.Events() {
		events = append(events, object{
			"time_unix_nano": nanoOf(event.Time), "name": event.Name, "attributes": attributesOf(event.Attributes),
		})
	}
	links := []object{}
	for _, link := range span.Links() {
		links = append(links, object{
			"trace_id": link.SpanContext.TraceID().String(), "span_id": link.SpanContext.SpanID().String(),
			"trace_state": link.SpanContext.TraceState().String(), "attributes": attributesOf(link.Attributes),
		})
	}
	kinds := map[trace.SpanKind]int{
		trace.SpanKindInternal: 1, trace.SpanKindServer: 2, trace.SpanKindClient: 3, trace.SpanKindProducer: 4,
		trace.SpanKindConsumer: 5,
	}
	status := map[codes.Code]int{codes.Unset: 0, codes.Ok: 1, codes.Error: 2}
	return object{
		"trace_id": span.SpanContext().TraceID().String(), "span_id": span.SpanContext().SpanID().String(),
		"trace_state": span.SpanContext().TraceState().String(), "parent_span_id": parent,
		"name": span.Name(), "kind": kinds[span.SpanKind()],
		"start_time_unix_nano": nanoOf(span.StartTime()), "end_time_unix_nano": nanoOf(span.EndTime()),
		"attributes": attributesOf(span.Attributes()), "dropped_attributes_count": span.DroppedAttributes(),
		"events": events, "links": links,
		"status": object{"code": status[span.Status().Code], "message": span.Status().Description},
	}
}

func logOf(record log.Record) object {
	attributes := object{}
	record.WalkAttributes(func(pair attribute.KeyValue) bool {
		attributes[string(pair.Key)] = valueOf(pair.Value)
		return true
	})
	item := object{
		"time_unix_nano": nanoOf(record.Timestamp()), "observed_time_unix_nano": nanoOf(record.ObservedTimestamp()),
		"severity_number": int(record.Severity()), "severity_text": record.SeverityText(),
		"body": valueOf(record.Body()), "attributes": attributes,
		"dropped_attributes_count": record.DroppedAttributes(), "flags": int(record.TraceFlags()),
		"event_name": record.EventName(), "trace_id": "", "span_id": "",
	}
	if record.TraceID().IsValid() {
		item["trace_id"] = record.TraceID().String()
		item["span_id"] = record.SpanID().String()
	}
	return item
}

// dataOf gives what the points of a metric have in common, and the points.
func dataOf(data metricdata.Aggregation) (object, []object) {
	switch data := data.(type) {
	case metricdata.Gauge[int64]:
		return object{"kind": "gauge"}, numbersOf(data.DataPoints)
	case metricdata.Gauge[float64]:
		return object{"kind": "gauge"}, numbersOf(data.DataPoints)
	case metricdata.Sum[int64]:
		return sumOf(data.Temporality, data.IsMonotonic), numbersOf(data.DataPoints)
	case metricdata.Sum[float64]:
		return sumOf(data.Temporality, data.IsMonotonic), numbersOf(data.DataPoints)
	case metricdata.Histogram[int64]:
		return histogramOf("histogram", data.Temporality), bucketsOf(data.DataPoints)
	case metricdata.Histogram[float64]:
		return histogramOf("histogram", data.Temporality), bucketsOf(data.DataPoints)
	case metricdata.ExponentialHistogram[int64]:
		return histogramOf("exponential_histogram", data.Temporality), exponentialOf(data.DataPoints)
	case metricdata.ExponentialHistogram[float64]:
		return histogramOf("exponential_histogram", data.Temporality), exponentialOf(data.DataPoints)
	default:
		panic("an aggregation that this program does not know")
	}
}

func temporalityOf(temporality metricdata.Temporality) int {
	return map[metricdata.Temporality]int{metricdata.DeltaTemporality: 1, metricdata.CumulativeTemporality: 2}[temporality]
}

func sumOf(temporality metricdata.Temporality, monotonic bool) object {
	return object{"kind": "sum", "aggregation_temporality": temporalityOf(temporality), "is_monotonic": monotonic}
}

func histogramOf(kind string, temporality metricdata.Temporality) object {
	return object{"kind": kind, "aggregation_temporality": temporalityOf(temporality)}
}

type number interface{ int64 | float64 }

func numberOf[N number](item object, value N) object {
	switch value := any(value).(type) {
	case int64:
		item["as_int"] = strconv.FormatInt(value, 10)
	case float64:
		item["as_double"] = doubleOf(value)
	}
	return item
}

func pointOf[N number](set attribute.Set, start, at time.Time, exemplars []metricdata.Exemplar[N]) object {
	found := make([]object, len(exemplars))
	for index, exemplar := range exemplars {
		found[index] = numberOf(object{
			"filtered_attributes": attributesOf(exemplar.FilteredAttributes), "time_unix_nano": nanoOf(exemplar.Time),
			"span_id": hex.EncodeToString(exemplar.SpanID), "trace_id": hex.EncodeToString(exemplar.TraceID),
		}, exemplar.Value)
	}
	return object{
		"attributes": attributesOf(set.ToSlice()), "start_time_unix_nano": nanoOf(start), "time_unix_nano": nanoOf(at),
		"exemplars": found,
	}
}

func numbersOf[N number](points []metricdata.DataPoint[N]) []object {
	items := make([]object, len(points))
	for index, point := range points {
		items[index] = numberOf(pointOf(point.Attributes, point.StartTime, point.Time, point.Exemplars), point.Value)
	}
	return items
}

func bucketsOf[N number](points []metricdata.HistogramDataPoint[N]) []object {
	items := make([]object, len(points))
	for index, point := range points {
		item := pointOf(point.Attributes, point.StartTime, point.Time, point.Exemplars)
		measured(item, point.Count, point.Sum, point.Min, point.Max)
		item["bucket_counts"] = textOf(point.BucketCounts)
		item["explicit_bounds"] = point.Bounds
		items[index] = item
	}
	return items
}

func exponentialOf[N number](points []metricdata.ExponentialHistogramDataPoint[N]) []object {
	items := make([]object, len(points))
	for index, point := range points {
		item := pointOf(point.Attributes, point.StartTime, point.Time, point.Exemplars)
		measured(item, point.Count, point.Sum, point.Min, point.Max)
		item["scale"] = point.Scale
		item["zero_count"] = strconv.FormatUint(point.ZeroCount, 10)
		item["positive"] = object{"offset": point.PositiveBucket.Offset, "bucket_counts": textOf(point.PositiveBucket.Counts)}
		item["negative"] = object{"offset": point.NegativeBucket.Offset, "bucket_counts": textOf(point.NegativeBucket.Counts)}
		items[index] = item
	}
	return items
}

func measured[N number](item object, count uint64, sum N, low, high metricdata.Extrema[N]) {
	item["count"] = strconv.FormatUint(count, 10)
	item["sum"] = doubleOf(float64(sum))
	if value, defined := low.Value(); defined {
		item["min"] = doubleOf(float64(value))
	}
	if value, defined := high.Value(); defined {
		item["max"] = doubleOf(float64(value))
	}
}

func textOf(counts []uint64) []string {
	text := make([]string, len(counts))
	for index, count := range counts {
		text[index] = strconv.FormatUint(count, 10)
	}
	return text
}
