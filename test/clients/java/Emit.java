import static io.opentelemetry.api.common.AttributeKey.booleanArrayKey;
import static io.opentelemetry.api.common.AttributeKey.doubleArrayKey;
import static io.opentelemetry.api.common.AttributeKey.longArrayKey;
import static io.opentelemetry.api.common.AttributeKey.stringArrayKey;
import static io.opentelemetry.api.common.AttributeKey.valueKey;

import io.opentelemetry.api.common.Attributes;
import io.opentelemetry.api.common.KeyValue;
import io.opentelemetry.api.common.Value;
import io.opentelemetry.api.logs.Logger;
import io.opentelemetry.api.logs.Severity;
import io.opentelemetry.api.metrics.DoubleHistogram;
import io.opentelemetry.api.metrics.LongUpDownCounter;
import io.opentelemetry.api.metrics.Meter;
import io.opentelemetry.api.trace.Span;
import io.opentelemetry.api.trace.SpanContext;
import io.opentelemetry.api.trace.SpanKind;
import io.opentelemetry.api.trace.StatusCode;
import io.opentelemetry.api.trace.TraceFlags;
import io.opentelemetry.api.trace.TraceState;
import io.opentelemetry.api.trace.Tracer;
import io.opentelemetry.context.Context;
import io.opentelemetry.context.Scope;
import io.opentelemetry.sdk.OpenTelemetrySdk;
import io.opentelemetry.sdk.autoconfigure.AutoConfiguredOpenTelemetrySdk;
import io.opentelemetry.sdk.metrics.Aggregation;
import io.opentelemetry.sdk.metrics.InstrumentSelector;
import io.opentelemetry.sdk.metrics.View;
import io.opentelemetry.sdk.resources.Resource;
import java.time.Instant;
import java.util.List;
import java.util.concurrent.TimeUnit;

/** Sends a known set of telemetry with the official SDK, configured by the usual OTEL_* variables, and prints what it sent. */
public final class Emit {
  private static final String SCHEMA = "https://opentelemetry.io/schemas/1.39.0";
  private static final Value<?> NESTED = Value.of(
      KeyValue.of("list", Value.of(Value.of(1), Value.of("two"), Value.of(3.5), Value.empty(),
          Value.of(KeyValue.of("deep", Value.of(Value.of(true)))))),
      KeyValue.of("ä", Value.of(KeyValue.of("b", Value.of(new byte[] {0, -1})), KeyValue.of("a", Value.of(Long.MIN_VALUE)))),
      KeyValue.of("empty", Value.of(new KeyValue[0])));
  private static final Attributes ATTRIBUTES = Attributes.builder()
      .put("text", "Größe <b>&\"quoted\"</b> \\ \u2028 🌱\n")
      .put("empty", "")
      .put("long", "x".repeat(4000))
      .put("yes", true)
      .put("no", false)
      .put("int.max", Long.MAX_VALUE)
      .put("int.min", Long.MIN_VALUE)
      .put("zero", 0)
      .put("double", 0.1)
      .put("double.whole", 3.0)
      .put("double.large", Double.MAX_VALUE)
      .put("double.e21", 1e21)
      .put("double.tiny", Double.MIN_VALUE)
      .put("double.e-7", 1e-7)
      .put("double.minus.zero", -0.0)
      .put("double.nan", Double.NaN)
      .put("double.infinity", Double.POSITIVE_INFINITY)
      .put(stringArrayKey("texts"), List.of("a", "", "ß\"<"))
      .put(booleanArrayKey("flags"), List.of(true, false))
      .put(longArrayKey("ints"), List.of(1L, Long.MIN_VALUE, Long.MAX_VALUE))
      .put(doubleArrayKey("doubles"), List.of(0.5, 2.0, -1e-9))
      .put(stringArrayKey("none"), List.of())
      .put(valueKey("bytes"), Value.of(new byte[] {0, 1, -2}))
      .put(valueKey("nested"), NESTED)
      .build();

  public static void main(String[] arguments) {
    Resource more = Resource.create(Attributes.builder().put("host.cpus", 4).put("load", 0.25).put("virtual", true)
        .put(stringArrayKey("zones"), List.of("a", "ü")).put(longArrayKey("levels"), List.of(1L, 2L, 3L)).build());
    OpenTelemetrySdk sdk = AutoConfiguredOpenTelemetrySdk.builder()
        .disableShutdownHook()
        .addResourceCustomizer((resource, config) -> resource.merge(more))
        .addSpanExporterCustomizer((exporter, config) -> new Sent.SpanTee(exporter))
        .addMetricExporterCustomizer((exporter, config) -> new Sent.MetricTee(exporter))
        .addLogRecordExporterCustomizer((exporter, config) -> new Sent.LogTee(exporter))
        .addMeterProviderCustomizer((builder, config) -> builder.registerView(
            InstrumentSelector.builder().setName("sizes").build(),
            View.builder().setAggregation(Aggregation.base2ExponentialBucketHistogram()).build()))
        .build()
        .getOpenTelemetrySdk();
    Span root = spans(sdk.tracerBuilder("shop.java").setInstrumentationVersion("1.2.3").setSchemaUrl(SCHEMA).build());
    try (Scope inRoot = root.makeCurrent()) {
      metrics(sdk.getMeterProvider().meterBuilder("shop.java").setInstrumentationVersion("1.2.3").setSchemaUrl(SCHEMA).build());
      logs(sdk.getLogsBridge().loggerBuilder("shop.java").setInstrumentationVersion("1.2.3").setSchemaUrl(SCHEMA).build());
    }
    sdk.shutdown().join(30, TimeUnit.SECONDS);
    if (!Sent.failures.isEmpty()) {
      System.err.println("not accepted: " + Sent.failures);
      System.exit(1);
    }
  }

  private static Span spans(Tracer tracer) {
    Instant began = Instant.now();
    Span root = tracer.spanBuilder("checkout Größe 🌱").setNoParent().setSpanKind(SpanKind.SERVER).setAllAttributes(ATTRIBUTES).startSpan();
    Context inRoot = Context.root().with(root);
    root.addEvent("received", Attributes.builder().put("bytes", 42).put("header", "ä").build(), began.plusNanos(1));
    root.addEvent("plain");
    Span child = tracer.spanBuilder("charge").setParent(inRoot).setSpanKind(SpanKind.CLIENT).startSpan();
    child.recordException(new IllegalStateException("no money <left>"));
    child.setStatus(StatusCode.ERROR, "declined: 'ü'");
    child.end();
    for (int number = 0; number < 50; number++)
      tracer.spanBuilder("step " + number % 7).setParent(inRoot).setAttribute("number", number).setAttribute("half", number / 2.0)
          .startSpan().end();
    root.end();

    TraceState state = TraceState.builder().put("other", "1").put("vendor", "value").build();
    SpanContext remote = SpanContext.createFromRemoteParent("0af7651916cd43dd8448eb211c80319c", "00f067aa0ba902b7",
        TraceFlags.getSampled(), state);
    Span consume = tracer.spanBuilder("consume").setParent(Context.root().with(Span.wrap(remote))).setSpanKind(SpanKind.CONSUMER)
        .addLink(root.getSpanContext(), Attributes.builder().put("why", "retry").put("try", 2).build()).addLink(remote).startSpan();
    consume.setStatus(StatusCode.OK).end();
    Instant at = began.minusSeconds(1);
    tracer.spanBuilder("instant").setNoParent().setSpanKind(SpanKind.PRODUCER).setStartTimestamp(at).startSpan().end(at);
    tracer.spanBuilder("precise").setNoParent().setStartTimestamp(at.minusNanos(123_456_789)).startSpan().end(at.plusNanos(987_654_321));
    return root;
  }

  private static void metrics(Meter meter) {
    var orders = meter.counterBuilder("orders").setUnit("{order}").setDescription("Bestellungen größer 0").build();
    orders.add(3, Attributes.builder().put("item", "Äpfel").put("paid", true).build());
    orders.add(1L << 53, Attributes.builder().put("item", "many").build());
    meter.counterBuilder("cost").ofDoubles().setUnit("EUR").build().add(0.1);
    LongUpDownCounter queue = meter.upDownCounterBuilder("queue").build();
    queue.add(5, Attributes.builder().put("shard", 1).build());
    queue.add(-12, Attributes.builder().put("shard", 2).build());
    meter.gaugeBuilder("temperature").setUnit("Cel").build().set(-273.15, Attributes.builder().put("where", "ü").build());
    DoubleHistogram latency = meter.histogramBuilder("latency").setUnit("ms")
        .setExplicitBucketBoundariesAdvice(List.of(1.0, 2.5, 10.0)).build();
    DoubleHistogram sizes = meter.histogramBuilder("sizes").setUnit("By").build();
    for (int number = 0; number < 40; number++) {
      latency.record(number / 3.0, Attributes.builder().put("route", "/" + number % 2).build());
      sizes.record(number % 5 == 0 ? 0 : Math.pow(1.7, number));
    }
    meter.counterBuilder("ticks").buildWithCallback(observed -> {
      observed.record(7);
      observed.record(8, Attributes.builder().put("cpu", 1).build());
    });
    meter.upDownCounterBuilder("depth").ofDoubles().buildWithCallback(observed -> observed.record(-1.5));
    meter.gaugeBuilder("level").buildWithCallback(observed -> {
      observed.record(1e300, Attributes.builder().put("tank", "a").build());
      observed.record(0, Attributes.builder().put("tank", "b").build());
    });
  }

  private static void logs(Logger logger) {
    logger.logRecordBuilder().setSeverity(Severity.INFO).setSeverityText("INFO").setBody("ordered ü <b>").setAllAttributes(ATTRIBUTES).emit();
    logger.logRecordBuilder().setSeverity(Severity.FATAL4).setSeverityText("EMERGENCY").setBody("at a time")
        .setTimestamp(Instant.now().minusSeconds(5)).emit();
    logger.logRecordBuilder().setContext(Context.root()).setSeverity(Severity.TRACE).setBody("without span").setEventName("shop.ordered").emit();
    List<Value<?>> bodies = List.of(Value.of(true), Value.of(-42), Value.of(Long.MAX_VALUE), Value.of(2.5), Value.of(new byte[] {0, 1, -2}),
        Value.of(Value.of("a"), Value.of(1), Value.of(false)), NESTED, Value.of(""), Value.of("é".repeat(2000)));
    for (Value<?> body : bodies)
      logger.logRecordBuilder().setContext(Context.root()).setSeverity(Severity.WARN2).setSeverityText("WARN").setBody(body)
          .setAttribute(valueKey("nested"), NESTED).emit();
  }
}
