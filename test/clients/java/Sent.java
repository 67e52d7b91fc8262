import io.opentelemetry.api.common.AttributeKey;
import io.opentelemetry.api.common.Attributes;
import io.opentelemetry.api.common.KeyValue;
import io.opentelemetry.api.common.Value;
import io.opentelemetry.sdk.common.CompletableResultCode;
import io.opentelemetry.sdk.common.InstrumentationScopeInfo;
import io.opentelemetry.sdk.common.export.MemoryMode;
import io.opentelemetry.sdk.logs.data.LogRecordData;
import io.opentelemetry.sdk.logs.export.LogRecordExporter;
import io.opentelemetry.sdk.metrics.Aggregation;
import io.opentelemetry.sdk.metrics.InstrumentType;
import io.opentelemetry.sdk.metrics.data.AggregationTemporality;
import io.opentelemetry.sdk.metrics.data.DoubleExemplarData;
import io.opentelemetry.sdk.metrics.data.DoublePointData;
import io.opentelemetry.sdk.metrics.data.ExemplarData;
import io.opentelemetry.sdk.metrics.data.ExponentialHistogramBuckets;
import io.opentelemetry.sdk.metrics.data.ExponentialHistogramPointData;
import io.opentelemetry.sdk.metrics.data.HistogramPointData;
import io.opentelemetry.sdk.metrics.data.LongExemplarData;
import io.opentelemetry.sdk.metrics.data.LongPointData;
import io.opentelemetry.sdk.metrics.data.MetricData;
import io.opentelemetry.sdk.metrics.data.PointData;
import io.opentelemetry.sdk.metrics.export.MetricExporter;
import io.opentelemetry.sdk.resources.Resource;
import io.opentelemetry.sdk.trace.data.SpanData;
import io.opentelemetry.sdk.trace.export.SpanExporter;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Base64;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentLinkedQueue;

/** Writes what the SDK hands to an exporter as JSON lines (../README.md), from its own objects, and lets it be sent. */
final class Sent {
  static final Collection<String> failures = new ConcurrentLinkedQueue<>();

  private Sent() {}

  record SpanTee(SpanExporter inner) implements SpanExporter {
    @Override
    public CompletableResultCode export(Collection<SpanData> spans) {
      for (SpanData span : spans)
        print(object("signal", "span", "resource", resource(span.getResource()),
            "scope", scope(span.getInstrumentationScopeInfo()), "item", span(span)));
      return noted("spans", inner.export(spans));
    }

    @Override
    public CompletableResultCode flush() {
      return inner.flush();
    }

    @Override
    public CompletableResultCode shutdown() {
      return inner.shutdown();
    }
  }

  record LogTee(LogRecordExporter inner) implements LogRecordExporter {
    @Override
    public CompletableResultCode export(Collection<LogRecordData> logs) {
      for (LogRecordData log : logs)
        print(object("signal", "log", "resource", resource(log.getResource()),
            "scope", scope(log.getInstrumentationScopeInfo()), "item", log(log)));
      return noted("logs", inner.export(logs));
    }

    @Override
    public CompletableResultCode flush() {
      return inner.flush();
    }

    @Override
    public CompletableResultCode shutdown() {
      return inner.shutdown();
    }
  }

  record MetricTee(MetricExporter inner) implements MetricExporter {
    @Override
    public CompletableResultCode export(Collection<MetricData> metrics) {
      for (MetricData metric : metrics)
        for (PointData point : metric.getData().getPoints())
          print(object("signal", "point", "resource", resource(metric.getResource()),
              "scope", scope(metric.getInstrumentationScopeInfo()),
              "metric", object("name", metric.getName(), "description", metric.getDescription(), "unit", metric.getUnit()),
              "data", data(metric), "item", point(point)));
      return noted("metrics", inner.export(metrics));
    }

    @Override
    public CompletableResultCode flush() {
      return inner.flush();
    }

    @Override
    public CompletableResultCode shutdown() {
      return inner.shutdown();
    }

    @Override
    public AggregationTemporality getAggregationTemporality(InstrumentType type) {
      return inner.getAggregationTemporality(type);
    }

    @Override
    public Aggregation getDefaultAggregation(InstrumentType type) {
      return inner.getDefaultAggregation(type);
    }

    @Override
    public MemoryMode getMemoryMode() {
      return inner.getMemoryMode();
    }
  }

  private static CompletableResultCode noted(String what, CompletableResultCode result) {
    result.whenComplete(() -> {
      if (!result.isSuccess()) failures.add(what + ": " + result.getFailureThrowable());
    });
    return result;
  }

  private static Object value(Object value) {
    if (value instanceof String) return object("string_value", value);
    if (value instanceof Boolean) return object("bool_value", value);
    if (value instanceof Long) return object("int_value", value.toString());
    if (value instanceof Double number) return object("double_value", number);
    if (value instanceof List<?> list) return object("array_value", list.stream().map(Sent::value).toList());
    Value<?> any = (Value<?>) value;
    return switch (any.getType()) {
      case EMPTY -> object();
      case BYTES -> object("bytes_value", base64((ByteBuffer) any.getValue()));
      case KEY_VALUE_LIST -> {
        Map<String, Object> pairs = new LinkedHashMap<>();
        for (Object pair : (List<?>) any.getValue()) pairs.put(((KeyValue) pair).getKey(), value(((KeyValue) pair).getValue()));
        yield object("kvlist_value", pairs);
      }
      default -> value(any.getValue());
    };
  }

  private static String base64(ByteBuffer buffer) {
    byte[] bytes = new byte[buffer.remaining()];
    buffer.duplicate().get(bytes);
    return Base64.getEncoder().encodeToString(bytes);
  }

  private static Object attributes(Attributes attributes) {
    Map<String, Object> found = new LinkedHashMap<>();
    for (Map.Entry<AttributeKey<?>, Object> entry : attributes.asMap().entrySet())
      found.put(entry.getKey().getKey(), value(entry.getValue()));
    return found;
  }

  private static Object resource(Resource resource) {
    return object("attributes", attributes(resource.getAttributes()), "schema_url", text(resource.getSchemaUrl()));
  }

  private static Object scope(InstrumentationScopeInfo scope) {
    return object("name", scope.getName(), "version", text(scope.getVersion()), "schema_url", text(scope.getSchemaUrl()),
        "attributes", attributes(scope.getAttributes()));
  }

  private static String text(String value) {
    return value == null ? "" : value;
  }

  private static String state(io.opentelemetry.api.trace.TraceState state) {
    List<String> pairs = new ArrayList<>();
    state.forEach((key, value) -> pairs.add(key + "=" + value));
    return String.join(",", pairs);
  }

  private static Object span(SpanData span) {
    return object("trace_id", span.getTraceId(), "span_id", span.getSpanId(),
        "trace_state", state(span.getSpanContext().getTraceState()), "parent_span_id", span.getParentSpanId(),
        // The API counts from internal, OTLP from unspecified.
        "name", span.getName(), "kind", span.getKind().ordinal() + 1,
        "start_time_unix_nano", Long.toString(span.getStartEpochNanos()),
        "end_time_unix_nano", Long.toString(span.getEndEpochNanos()),
        "attributes", attributes(span.getAttributes()),
        "dropped_attributes_count", span.getTotalAttributeCount() - span.getAttributes().size(),
        "events", span.getEvents().stream().map(event -> object("time_unix_nano", Long.toString(event.getEpochNanos()),
            "name", event.getName(), "attributes", attributes(event.getAttributes()))).toList(),
        "links", span.getLinks().stream().map(link -> object("trace_id", link.getSpanContext().getTraceId(),
            "span_id", link.getSpanContext().getSpanId(), "trace_state", state(link.getSpanContext().getTraceState()),
            "attributes", attributes(link.getAttributes()))).toList(),
        "status", object("code", span.getStatus().getStatusCode().ordinal(), "message", span.getStatus().getDescription()));
  }

  private static Object log(LogRecordData log) {
    return object("time_unix_nano", Long.toString(log.getTimestampEpochNanos()),
        "observed_time_unix_nano", Long.toString(log.getObservedTimestampEpochNanos()),
        "severity_number", log.getSeverity().getSeverityNumber(), "severity_text", text(log.getSeverityText()),
        "body", log.getBodyValue() == null ? object() : value(log.getBodyValue()),
        "attributes", attributes(log.getAttributes()),
        "dropped_attributes_count", log.getTotalAttributeCount() - log.getAttributes().size(),
        "flags", (int) log.getSpanContext().getTraceFlags().asByte() & 0xff,
        "trace_id", log.getSpanContext().isValid() ? log.getSpanContext().getTraceId() : "",
        "span_id", log.getSpanContext().isValid() ? log.getSpanContext().getSpanId() : "",
        "event_name", text(log.getEventName()));
  }

  private static Object data(MetricData metric) {
    return switch (metric.getType()) {
      case LONG_GAUGE, DOUBLE_GAUGE -> object("kind", "gauge");
      case LONG_SUM -> sum(metric.getLongSumData().getAggregationTemporality(), metric.getLongSumData().isMonotonic());
      case DOUBLE_SUM -> sum(metric.getDoubleSumData().getAggregationTemporality(), metric.getDoubleSumData().isMonotonic());
      case HISTOGRAM -> object("kind", "histogram",
          "aggregation_temporality", metric.getHistogramData().getAggregationTemporality().ordinal() + 1);
      case EXPONENTIAL_HISTOGRAM -> object("kind", "exponential_histogram",
          "aggregation_temporality", metric.getExponentialHistogramData().getAggregationTemporality().ordinal() + 1);
      case SUMMARY -> object("kind", "summary");
    };
  }

  private static Object sum(AggregationTemporality temporality, boolean monotonic) {
    // The SDK counts from delta, OTLP from unspecified.
    return object("kind", "sum", "aggregation_temporality", temporality.ordinal() + 1, "is_monotonic", monotonic);
  }

  private static Object point(PointData point) {
    Map<String, Object> item = object("attributes", attributes(point.getAttributes()),
        "start_time_unix_nano", Long.toString(point.getStartEpochNanos()),
        "time_unix_nano", Long.toString(point.getEpochNanos()),
        "exemplars", point.getExemplars().stream().map(Sent::exemplar).toList());
    if (point instanceof LongPointData number) item.put("as_int", Long.toString(number.getValue()));
    if (point instanceof DoublePointData number) item.put("as_double", number.getValue());
    if (point instanceof HistogramPointData histogram) {
      item.put("count", Long.toString(histogram.getCount()));
      item.put("sum", histogram.getSum());
      if (histogram.hasMin()) item.put("min", histogram.getMin());
      if (histogram.hasMax()) item.put("max", histogram.getMax());
      item.put("bucket_counts", histogram.getCounts().stream().map(String::valueOf).toList());
      item.put("explicit_bounds", histogram.getBoundaries());
    }
    if (point instanceof ExponentialHistogramPointData histogram) {
      item.put("count", Long.toString(histogram.getCount()));
      item.put("sum", histogram.getSum());
      if (histogram.hasMin()) item.put("min", histogram.getMin());
      if (histogram.hasMax()) item.put("max", histogram.getMax());
      item.put("scale", histogram.getScale());
      item.put("zero_count", Long.toString(histogram.getZeroCount()));
      item.put("positive", buckets(histogram.getPositiveBuckets()));
      item.put("negative", buckets(histogram.getNegativeBuckets()));
    }
    return item;
  }

  private static Object buckets(ExponentialHistogramBuckets buckets) {
    return object("offset", buckets.getOffset(), "bucket_counts", buckets.getBucketCounts().stream().map(String::valueOf).toList());
  }

  private static Object exemplar(ExemplarData exemplar) {
    Map<String, Object> item = object("filtered_attributes", attributes(exemplar.getFilteredAttributes()),
        "time_unix_nano", Long.toString(exemplar.getEpochNanos()),
        "span_id", exemplar.getSpanContext().isValid() ? exemplar.getSpanContext().getSpanId() : "",
        "trace_id", exemplar.getSpanContext().isValid() ? exemplar.getSpanContext().getTraceId() : "");
    if (exemplar instanceof LongExemplarData number) item.put("as_int", Long.toString(number.getValue()));
    if (exemplar instanceof DoubleExemplarData number) item.put("as_double", number.getValue());
    return item;
  }

  private static Map<String, Object> object(Object... pairs) {
    Map<String, Object> found = new LinkedHashMap<>();
    for (int index = 0; index < pairs.length; index += 2) found.put((String) pairs[index], pairs[index + 1]);
    return found;
  }

  private static synchronized void print(Object line) {
    StringBuilder text = new StringBuilder();
    json(text, line);
    System.out.println(text);
  }

  private static void json(StringBuilder text, Object value) {
    if (value instanceof Map<?, ?> map) {
      String before = "{";
      for (Map.Entry<?, ?> entry : map.entrySet()) {
        text.append(before);
        json(text, entry.getKey());
        text.append(':');
        json(text, entry.getValue());
        before = ",";
      }
      text.append(map.isEmpty() ? "{}" : "}");
    } else if (value instanceof List<?> list) {
      String before = "[";
      for (Object item : list) {
        text.append(before);
        json(text, item);
        before = ",";
      }
      text.append(list.isEmpty() ? "[]" : "]");
    } else if (value instanceof String string) {
      text.append('"');
      // ASCII, so that no locale of the machine changes a value.
      for (char unit : string.toCharArray())
        text.append(unit == '"' || unit == '\\' ? "\\" + unit : unit >= ' ' && unit < 127 ? "" + unit : String.format("\\u%04x", (int) unit));
      text.append('"');
    } else if (value instanceof Double number && !Double.isFinite(number)) {
      text.append('"').append(number).append('"');
    } else {
      text.append(value);
    }
  }
}
