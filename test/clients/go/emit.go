// Sends a known set of telemetry with the official SDK, configured by the usual OTEL_* variables, and prints what it sent.
package main

import (
	"context"
	"errors"
	"fmt"
	"math"
	"os"
	"strings"
	"time"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	"go.opentelemetry.io/otel/exporters/otlp/otlplog/otlploggrpc"
	"go.opentelemetry.io/otel/exporters/otlp/otlplog/otlploghttp"
	"go.opentelemetry.io/otel/exporters/otlp/otlpmetric/otlpmetricgrpc"
	"go.opentelemetry.io/otel/exporters/otlp/otlpmetric/otlpmetrichttp"
	"go.opentelemetry.io/otel/exporters/otlp/otlptrace/otlptracegrpc"
	"go.opentelemetry.io/otel/exporters/otlp/otlptrace/otlptracehttp"
	"go.opentelemetry.io/otel/log"
	"go.opentelemetry.io/otel/metric"
	sdklog "go.opentelemetry.io/otel/sdk/log"
	sdkmetric "go.opentelemetry.io/otel/sdk/metric"
	"go.opentelemetry.io/otel/sdk/resource"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/trace"
)

const (
	scopeName    = "shop.go"
	scopeVersion = "1.2.3"
	schema       = "https://opentelemetry.io/schemas/1.39.0"
)

var (
	scopeAttributes = []attribute.KeyValue{attribute.String("scope.attribute", "ö"), attribute.Int("n", 1)}
	nested          = attribute.MapValue(
		attribute.Slice("list", attribute.Int64Value(1), attribute.StringValue("two"), attribute.Float64Value(3.5), attribute.Value{},
			attribute.MapValue(attribute.BoolSlice("deep", []bool{true}))),
		attribute.Map("ä", attribute.ByteSlice("b", []byte{0, 255}), attribute.Int64("a", math.MinInt64)),
		attribute.Map("empty"),
	)
	attributes = []attribute.KeyValue{
		attribute.String("text", "Größe <b>&\"quoted\"</b> \\ \u2028 🌱\n"),
		attribute.String("empty", ""),
		attribute.String("long", strings.Repeat("x", 4000)),
		attribute.Bool("yes", true),
		attribute.Bool("no", false),
		attribute.Int64("int.max", math.MaxInt64),
		attribute.Int64("int.min", math.MinInt64),
		attribute.Int("zero", 0),
		attribute.Float64("double", 0.1),
		attribute.Float64("double.whole", 3),
		attribute.Float64("double.large", math.MaxFloat64),
		attribute.Float64("double.e21", 1e21),
		attribute.Float64("double.tiny", math.SmallestNonzeroFloat64),
		attribute.Float64("double.e-7", 1e-7),
		attribute.Float64("double.minus.zero", math.Copysign(0, -1)),
		attribute.Float64("double.nan", math.NaN()),
		attribute.Float64("double.infinity", math.Inf(1)),
		attribute.StringSlice("texts", []string{"a", "", "ß\"<"}),
		attribute.BoolSlice("flags", []bool{true, false}),
		attribute.Int64Slice("ints", []int64{1, math.MinInt64, math.MaxInt64}),
		attribute.Float64Slice("doubles", []float64{0.5, 2, -1e-9}),
		attribute.StringSlice("none", []string{}),
		attribute.ByteSlice("bytes", []byte{0, 1, 254}),
		{Key: "nested", Value: nested},
	}
)

func main() {
	ctx := context.Background()
	found, err := resource.New(ctx,
		resource.WithFromEnv(),
		resource.WithTelemetrySDK(),
		resource.WithAttributes(attribute.Int("host.cpus", 4), attribute.Float64("load", 0.25), attribute.Bool("virtual", true),
			attribute.StringSlice("zones", []string{"a", "ü"}), attribute.IntSlice("levels", []int{1, 2, 3})),
	)
	check(err)
	spans, metrics, logs := exporters(ctx)
	tracers := sdktrace.NewTracerProvider(sdktrace.WithResource(found), sdktrace.WithBatcher(spanTee{spans}))
	meters := sdkmetric.NewMeterProvider(
		sdkmetric.WithResource(found),
		sdkmetric.WithReader(sdkmetric.NewPeriodicReader(metricTee{metrics}, sdkmetric.WithInterval(time.Hour))),
		sdkmetric.WithView(sdkmetric.NewView(sdkmetric.Instrument{Name: "sizes"},
			sdkmetric.Stream{Aggregation: sdkmetric.AggregationBase2ExponentialHistogram{MaxSize: 160, MaxScale: 20}})),
	)
	loggers := sdklog.NewLoggerProvider(sdklog.WithResource(found),
		sdklog.WithProcessor(sdklog.NewBatchProcessor(logTee{logs})))

	root := emitSpans(ctx, tracers.Tracer(scopeName, trace.WithInstrumentationVersion(scopeVersion),
		trace.WithSchemaURL(schema), trace.WithInstrumentationAttributes(scopeAttributes...)))
	emitMetrics(trace.ContextWithSpan(ctx, root), meters.Meter(scopeName, metric.WithInstrumentationVersion(scopeVersion),
		metric.WithSchemaURL(schema), metric.WithInstrumentationAttributes(scopeAttributes...)))
	emitLogs(trace.ContextWithSpan(ctx, root), loggers.Logger(scopeName, log.WithInstrumentationVersion(scopeVersion),
		log.WithSchemaURL(schema), log.WithInstrumentationAttributes(scopeAttributes...)))
	check(tracers.Shutdown(ctx))
	check(meters.Shutdown(ctx))
	check(loggers.Shutdown(ctx))
	if len(failures) > 0 {
		fmt.Fprintln(os.Stderr, "not accepted:", errors.Join(failures...))
		os.Exit(1)
	}
}

func check(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func exporters(ctx context.Context) (sdktrace.SpanExporter, sdkmetric.Exporter, sdklog.Exporter) {
	if os.Getenv("OTEL_EXPORTER_OTLP_PROTOCOL") == "grpc" {
		spans, err := otlptracegrpc.New(ctx)
		check(err)
		metrics, err := otlpmetricgrpc.New(ctx)
		check(err)
		logs, err := otlploggrpc.New(ctx)
		check(err)
		return spans, metrics, logs
	}
	spans, err := otlptracehttp.New(ctx)
	check(err)
	metrics, err := otlpmetrichttp.New(ctx)
	check(err)
	logs, err := otlploghttp.New(ctx)
	check(err)
	return spans, metrics, logs
}

func emitSpans(ctx context.Context, tracer trace.Tracer) trace.Span {
	began := time.Now()
	inRoot, root := tracer.Start(ctx, "checkout Größe 🌱", trace.WithSpanKind(trace.SpanKindServer), trace.WithAttributes(attributes...))
	root.AddEvent("received", trace.WithTimestamp(began.Add(1)), trace.WithAttributes(attribute.Int("bytes", 42), attribute.String("header", "ä")))
	root.AddEvent("plain")
	_, child := tracer.Start(inRoot, "charge", trace.WithSpanKind(trace.SpanKindClient))
	child.RecordError(errors.New("no money <left>"))
	child.SetStatus(codes.Error, "declined: 'ü'")
	child.End()
	for number := range 50 {
		_, step := tracer.Start(inRoot, fmt.Sprintf("step %d", number%7),
			trace.WithAttributes(attribute.Int("number", number), attribute.Float64("half", float64(number)/2)))
		step.End()
	}
	root.End()

	state, err := trace.ParseTraceState("vendor=value,other=1")
	check(err)
	traceID, err := trace.TraceIDFromHex("0af7651916cd43dd8448eb211c80319c")
	check(err)
	spanID, err := trace.SpanIDFromHex("00f067aa0ba902b7")
	check(err)
	remote := trace.NewSpanContext(trace.SpanContextConfig{
		TraceID: traceID, SpanID: spanID, TraceFlags: trace.FlagsSampled, TraceState: state, Remote: true,
	})
	_, consume := tracer.Start(trace.ContextWithSpanContext(ctx, remote), "consume", trace.WithSpanKind(trace.SpanKindConsumer),
		trace.WithLinks(
			trace.Link{SpanContext: root.SpanContext(), Attributes: []attribute.KeyValue{attribute.String("why", "retry"), attribute.Int("try", 2)}},
			trace.Link{SpanContext: remote}))
	consume.SetStatus(codes.Ok, "")
	consume.End()
	at := began.Add(-time.Second)
	_, instant := tracer.Start(ctx, "instant", trace.WithSpanKind(trace.SpanKindProducer), trace.WithTimestamp(at))
	instant.End(trace.WithTimestamp(at))
	_, precise := tracer.Start(ctx, "precise", trace.WithTimestamp(at.Add(-123_456_789)))
	precise.End(trace.WithTimestamp(at.Add(987_654_321)))
	return root
}

func emitMetrics(ctx context.Context, meter metric.Meter) {
	with := func(attributes ...attribute.KeyValue) metric.MeasurementOption {
		return metric.WithAttributes(attributes...)
	}
	orders, err := meter.Int64Counter("orders", metric.WithUnit("{order}"), metric.WithDescription("Bestellungen größer 0"))
	check(err)
	orders.Add(ctx, 3, with(attribute.String("item", "Äpfel"), attribute.Bool("paid", true)))
	orders.Add(ctx, 1<<53, with(attribute.String("item", "many")))
	cost, err := meter.Float64Counter("cost", metric.WithUnit("EUR"))
	check(err)
	cost.Add(ctx, 0.1)
	queue, err := meter.Int64UpDownCounter("queue")
	check(err)
	queue.Add(ctx, 5, with(attribute.Int("shard", 1)))
	queue.Add(ctx, -12, with(attribute.Int("shard", 2)))
	temperature, err := meter.Float64Gauge("temperature", metric.WithUnit("Cel"))
	check(err)
	temperature.Record(ctx, -273.15, with(attribute.String("where", "ü")))
	latency, err := meter.Float64Histogram("latency", metric.WithUnit("ms"), metric.WithExplicitBucketBoundaries(1, 2.5, 10))
	check(err)
	sizes, err := meter.Float64Histogram("sizes", metric.WithUnit("By"))
	check(err)
	whole, err := meter.Int64Histogram("whole")
	check(err)
	for number := range 40 {
		latency.Record(ctx, float64(number)/3, with(attribute.String("route", fmt.Sprint("/", number%2))))
		whole.Record(ctx, int64(number))
		if number%5 == 0 {
			sizes.Record(ctx, 0)
		} else {
			sizes.Record(ctx, math.Pow(1.7, float64(number)))
			sizes.Record(ctx, -math.Pow(1.3, float64(number)))
		}
	}
	_, err = meter.Int64ObservableCounter("ticks", metric.WithInt64Callback(func(_ context.Context, observer metric.Int64Observer) error {
		observer.Observe(7)
		observer.Observe(8, with(attribute.Int("cpu", 1)))
		return nil
	}))
	check(err)
	_, err = meter.Float64ObservableUpDownCounter("depth", metric.WithFloat64Callback(func(_ context.Context, observer metric.Float64Observer) error {
		observer.Observe(-1.5)
		return nil
	}))
	check(err)
	_, err = meter.Float64ObservableGauge("level", metric.WithFloat64Callback(func(_ context.Context, observer metric.Float64Observer) error {
		observer.Observe(1e300, with(attribute.String("tank", "a")))
		observer.Observe(0, with(attribute.String("tank", "b")))
		return nil
	}))
	check(err)
}

func emitLogs(inRoot context.Context, logger log.Logger) {
	emit := func(ctx context.Context, severity log.Severity, text string, body attribute.Value, more func(*log.Record)) {
		record := log.Record{}
		record.SetSeverity(severity)
		record.SetSeverityText(text)
		record.SetBody(body)
		more(&record)
		logger.Emit(ctx, record)
	}
	ctx := context.Background()
	emit(inRoot, log.SeverityInfo, "INFO", attribute.StringValue("ordered ü <b>"), func(record *log.Record) { record.AddAttributes(attributes...) })
	emit(inRoot, log.SeverityFatal4, "EMERGENCY", attribute.StringValue("at a time"), func(record *log.Record) {
		record.SetTimestamp(time.Now().Add(-5 * time.Second))
	})
	emit(ctx, log.SeverityTrace, "", attribute.StringValue("without span"), func(record *log.Record) { record.SetEventName("shop.ordered") })
	bodies := []attribute.Value{
		attribute.BoolValue(true), attribute.Int64Value(-42), attribute.Int64Value(math.MaxInt64), attribute.Float64Value(2.5),
		attribute.ByteSliceValue([]byte{0, 1, 254}),
		attribute.SliceValue(attribute.StringValue("a"), attribute.Int64Value(1), attribute.BoolValue(false)),
		nested, attribute.StringValue(""), attribute.StringValue(strings.Repeat("é", 2000)),
	}
	for _, body := range bodies {
		emit(ctx, log.SeverityWarn2, "WARN", body, func(record *log.Record) {
			record.AddAttributes(attribute.KeyValue{Key: "nested", Value: nested})
		})
	}
}
