"""Writes what the SDK hands to an exporter as JSON lines, in the shape that ../README.md gives, and then lets it be sent.

Values come from the SDK's own objects, never from its OTLP encoder.
"""

import base64
import json
import math
import sys

from opentelemetry.sdk._logs.export import LogRecordExporter, LogRecordExportResult
from opentelemetry.sdk.metrics.export import (
    ExponentialHistogram,
    Gauge,
    Histogram,
    MetricExporter,
    MetricExportResult,
    Sum,
)
from opentelemetry.sdk.trace.export import SpanExporter, SpanExportResult

failures = []


def print_line(**fields):
    # ASCII, so that no locale of the machine changes a value.
    sys.stdout.write(json.dumps(fields) + "\n")


class SpanTee(SpanExporter):
    def __init__(self, inner):
        self._inner = inner

    def export(self, spans):
        for span in spans:
            print_line(signal="span", resource=resource_of(span.resource), scope=scope_of(span.instrumentation_scope), item=span_of(span))
        return noted("spans", self._inner.export(spans), SpanExportResult.SUCCESS)

    def shutdown(self):
        self._inner.shutdown()


class LogTee(LogRecordExporter):
    def __init__(self, inner):
        self._inner = inner

    def export(self, batch):
        for log in batch:
            print_line(signal="log", resource=resource_of(log.resource), scope=scope_of(log.instrumentation_scope), item=log_of(log))
        return noted("logs", self._inner.export(batch), LogRecordExportResult.SUCCESS)

    def force_flush(self, timeout_millis=10_000):
        return self._inner.force_flush(timeout_millis)

    def shutdown(self):
        self._inner.shutdown()


class MetricTee(MetricExporter):
    def __init__(self, inner):
        super().__init__(inner._preferred_temporality, inner._preferred_aggregation)
        self._inner = inner

    def export(self, metrics_data, timeout_millis=10_000, **kwargs):
        for resource_metrics in metrics_data.resource_metrics:
            for scope_metrics in resource_metrics.scope_metrics:
                for metric in scope_metrics.metrics:
                    for point in metric.data.data_points:
                        print_line(
                            signal="point",
                            resource=resource_of(resource_metrics.resource),
                            scope=scope_of(scope_metrics.scope),
                            metric={"name": metric.name, "description": metric.description, "unit": metric.unit},
                            data=data_of(metric.data),
                            item=point_of(metric.data, point),
                        )
        return noted("metrics", self._inner.export(metrics_data, timeout_millis, **kwargs), MetricExportResult.SUCCESS)

    def force_flush(self, timeout_millis=10_000):
        return self._inner.force_flush(timeout_millis)

    def shutdown(self, timeout_millis=30_000, **kwargs):
        self._inner.shutdown(timeout_millis, **kwargs)


def noted(what, result, success):
    if result != success:
        failures.append(what)
    return result


def value_of(value):
    if value is None:
        return {}
    if isinstance(value, bool):
        return {"bool_value": value}
    if isinstance(value, str):
        return {"string_value": value}
    if isinstance(value, int):
        return {"int_value": str(value)}
    if isinstance(value, float):
        return {"double_value": double_of(value)}
    if isinstance(value, bytes):
        return {"bytes_value": base64.b64encode(value).decode()}
    if isinstance(value, dict) or hasattr(value, "items"):
        return {"kvlist_value": attributes_of(value)}
    return {"array_value": [value_of(item) for item in value]}


def attributes_of(attributes):
    return {key: value_of(value) for key, value in (attributes or {}).items()}


def double_of(value):
    if value is None or math.isfinite(value):
        return value
    return "NaN" if math.isnan(value) else "Infinity" if value > 0 else "-Infinity"


def resource_of(resource):
    return {"attributes": attributes_of(resource.attributes), "schema_url": resource.schema_url}


def scope_of(scope):
    return {
        "name": scope.name,
        "version": scope.version,
        "attributes": attributes_of(scope.attributes),
        "schema_url": scope.schema_url,
    }


def hex_of(number, bytes_long):
    return f"{number:0{2 * bytes_long}x}" if number else ""


def state_of(state):
    return ",".join(f"{key}={value}" for key, value in (state or {}).items())


def span_of(span):
    context = span.get_span_context()
    return {
        "trace_id": hex_of(context.trace_id, 16),
        "span_id": hex_of(context.span_id, 8),
        "trace_state": state_of(context.trace_state),
        "parent_span_id": hex_of(span.parent.span_id, 8) if span.parent else "",
        "name": span.name,
        # The SDK counts from internal, OTLP from unspecified.
        "kind": span.kind.value + 1,
        "start_time_unix_nano": str(span.start_time),
        "end_time_unix_nano": str(span.end_time),
        "attributes": attributes_of(span.attributes),
        "dropped_attributes_count": span.dropped_attributes,
        "events": [
            {"time_unix_nano": str(event.timestamp), "name": event.name, "attributes": attributes_of(event.attributes)}
            for event in span.events
        ],
        "links": [
            {
                "trace_id": hex_of(link.context.trace_id, 16),
                "span_id": hex_of(link.context.span_id, 8),
                "trace_state": state_of(link.context.trace_state),
                "attributes": attributes_of(link.attributes),
            }
            for link in span.links
        ],
        "status": {"code": span.status.status_code.value, "message": span.status.description or ""},
    }


def log_of(log):
    record = log.log_record
    return {
        "time_unix_nano": str(record.timestamp or 0),
        "observed_time_unix_nano": str(record.observed_timestamp or 0),
        "severity_number": record.severity_number.value if record.severity_number else 0,
        "severity_text": record.severity_text or "",
        "body": value_of(record.body),
        "attributes": attributes_of(record.attributes),
        "dropped_attributes_count": log.dropped_attributes,
        "flags": int(record.trace_flags or 0),
        "trace_id": hex_of(record.trace_id, 16),
        "span_id": hex_of(record.span_id, 8),
        "event_name": record.event_name or "",
    }


def data_of(data):
    kinds = {Sum: "sum", Gauge: "gauge", Histogram: "histogram", ExponentialHistogram: "exponential_histogram"}
    found = {"kind": kinds[type(data)]}
    if not isinstance(data, Gauge):
        found["aggregation_temporality"] = int(data.aggregation_temporality)
    if isinstance(data, Sum):
        found["is_monotonic"] = data.is_monotonic
    return found


def point_of(data, point):
    return {
        "attributes": attributes_of(point.attributes),
        "start_time_unix_nano": str(point.start_time_unix_nano or 0),
        "time_unix_nano": str(point.time_unix_nano),
        "exemplars": [exemplar_of(exemplar) for exemplar in point.exemplars],
        **measured_of(data, point),
    }


def measured_of(data, point):
    if isinstance(data, (Sum, Gauge)):
        return number_of(point.value)
    measured = {
        "count": str(point.count),
        "sum": double_of(point.sum),
        "min": double_of(point.min),
        "max": double_of(point.max),
    }
    if isinstance(data, Histogram):
        return {
            **measured,
            "bucket_counts": [str(count) for count in point.bucket_counts],
            "explicit_bounds": list(point.explicit_bounds),
        }
    return {
        **measured,
        "scale": point.scale,
        "zero_count": str(point.zero_count),
        "positive": buckets_of(point.positive),
        "negative": buckets_of(point.negative),
    }


def buckets_of(buckets):
    return {"offset": buckets.offset, "bucket_counts": [str(count) for count in buckets.bucket_counts]}


def number_of(value):
    return {"as_int": str(value)} if isinstance(value, int) else {"as_double": double_of(value)}


def exemplar_of(exemplar):
    return {
        "filtered_attributes": attributes_of(exemplar.filtered_attributes),
        "time_unix_nano": str(exemplar.time_unix_nano),
        "span_id": hex_of(exemplar.span_id, 8),
        "trace_id": hex_of(exemplar.trace_id, 16),
        **number_of(exemplar.value),
    }
