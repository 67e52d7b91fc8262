"""Sends a known set of telemetry with the official SDK, configured by the usual OTEL_* variables, and prints what it sent."""

import os
import sys

from opentelemetry import metrics, trace
from opentelemetry._logs import SeverityNumber
from opentelemetry.metrics import Observation
from opentelemetry.sdk._logs import LoggerProvider
from opentelemetry.sdk._logs.export import BatchLogRecordProcessor
from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.metrics.export import PeriodicExportingMetricReader
from opentelemetry.sdk.metrics.view import ExponentialBucketHistogramAggregation, View
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor
from opentelemetry.trace import Link, SpanContext, SpanKind, Status, StatusCode, TraceFlags, TraceState

from sent import LogTee, MetricTee, SpanTee, failures

if os.environ["OTEL_EXPORTER_OTLP_PROTOCOL"] == "grpc":
    from opentelemetry.exporter.otlp.proto.grpc._log_exporter import OTLPLogExporter
    from opentelemetry.exporter.otlp.proto.grpc.metric_exporter import OTLPMetricExporter
    from opentelemetry.exporter.otlp.proto.grpc.trace_exporter import OTLPSpanExporter
else:
    from opentelemetry.exporter.otlp.proto.http._log_exporter import OTLPLogExporter
    from opentelemetry.exporter.otlp.proto.http.metric_exporter import OTLPMetricExporter
    from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter

RESOURCE = Resource.create(
    {"host.cpus": 4, "load": 0.25, "virtual": True, "zones": ["a", "ü"], "levels": [1, 2, 3]},
    schema_url="https://opentelemetry.io/schemas/1.40.0",
)
ATTRIBUTES = {
    "text": "Größe <b>&\"quoted\"</b> \\ \u2028 🌱\n",
    "empty": "",
    "long": "x" * 4000,
    "yes": True,
    "no": False,
    "int.max": 2**63 - 1,
    "int.min": -(2**63),
    "zero": 0,
    "double": 0.1,
    "double.whole": 3.0,
    "double.large": 1.7976931348623157e308,
    "double.e21": 1e21,
    "double.tiny": 5e-324,
    "double.e-7": 1e-7,
    "double.minus.zero": -0.0,
    "double.nan": float("nan"),
    "double.infinity": float("inf"),
    "texts": ["a", "", "ß\"<"],
    "flags": [True, False],
    "ints": [1, -(2**63), 2**63 - 1],
    "doubles": [0.5, 2.0, -1e-9],
    "none": [],
}


def emit_spans(tracer):
    with tracer.start_as_current_span("checkout Größe 🌱", kind=SpanKind.SERVER, attributes=ATTRIBUTES) as root:
        root.add_event("received", {"bytes": 42, "header": "ä"}, timestamp=root.start_time + 1)
        root.add_event("plain")
        with tracer.start_as_current_span("charge", kind=SpanKind.CLIENT) as child:
            try:
                raise ValueError("no money <left>")
            except ValueError as error:
                child.record_exception(error)
                child.set_status(Status(StatusCode.ERROR, "declined: 'ü'"))
        for number in range(50):
            with tracer.start_as_current_span(f"step {number % 7}", attributes={"number": number, "half": number / 2}):
                pass
    remote = SpanContext(
        0x0AF7651916CD43DD8448EB211C80319C,
        0x00F067AA0BA902B7,
        is_remote=True,
        trace_flags=TraceFlags(1),
        trace_state=TraceState([("vendor", "value"), ("other", "1")]),
    )
    parent = trace.set_span_in_context(trace.NonRecordingSpan(remote))
    linked = [Link(root.get_span_context(), {"why": "retry", "try": 2}), Link(remote)]
    with tracer.start_as_current_span("consume", context=parent, kind=SpanKind.CONSUMER, links=linked) as span:
        span.set_status(StatusCode.OK)
    at = root.start_time - 1_000_000_000
    tracer.start_span("instant", kind=SpanKind.PRODUCER, start_time=at).end(end_time=at)
    tracer.start_span("precise", start_time=at - 123_456_789).end(end_time=at + 987_654_321)
    return root


def emit_metrics(meter, root):
    with trace.use_span(root):
        orders = meter.create_counter("orders", unit="{order}", description="Bestellungen größer 0")
        orders.add(3, {"item": "Äpfel", "paid": True})
        orders.add(2**53, {"item": "many"})
        meter.create_counter("cost", unit="EUR").add(0.1)
        queue = meter.create_up_down_counter("queue")
        queue.add(5, {"shard": 1})
        queue.add(-12, {"shard": 2})
        meter.create_gauge("temperature", unit="Cel").set(-273.15, {"where": "ü"})
        latency = meter.create_histogram("latency", unit="ms", explicit_bucket_boundaries_advisory=[1.0, 2.5, 10.0])
        sizes = meter.create_histogram("sizes", unit="By")
        for number in range(40):
            latency.record(number / 3, {"route": f"/{number % 2}"})
            sizes.record(1.7**number if number % 5 else 0)
    meter.create_observable_counter("ticks", [lambda _: [Observation(7), Observation(8, {"cpu": 1})]])
    meter.create_observable_up_down_counter("depth", [lambda _: [Observation(-1.5)]])
    meter.create_observable_gauge("level", [lambda _: [Observation(1e300, {"tank": "a"}), Observation(0, {"tank": "b"})]])


def emit_logs(logger, root):
    with trace.use_span(root):
        logger.emit(severity_number=SeverityNumber.INFO, severity_text="INFO", body="ordered ü <b>", attributes=ATTRIBUTES)
        logger.emit(severity_number=SeverityNumber.FATAL4, severity_text="EMERGENCY", body="at a time", timestamp=root.start_time)
    logger.emit(severity_number=SeverityNumber.TRACE, body="without span", event_name="shop.ordered")
    nested = {"list": [1, "two", 3.5, None, {"deep": [True]}], "ä": {"b": b"\x00\xff", "a": -(2**63)}, "empty": {}}
    for body in [True, -42, 2**63 - 1, 2.5, b"\x00\x01\xfe", ["a", 1, False], nested, "", "é" * 2000]:
        logger.emit(severity_number=SeverityNumber.WARN2, severity_text="WARN", body=body, attributes={"nested": nested})


def main():
    tracers = TracerProvider(resource=RESOURCE)
    tracers.add_span_processor(BatchSpanProcessor(SpanTee(OTLPSpanExporter())))
    exponential = View(instrument_name="sizes", aggregation=ExponentialBucketHistogramAggregation())
    reader = PeriodicExportingMetricReader(MetricTee(OTLPMetricExporter()), export_interval_millis=3_600_000)
    meters = MeterProvider([reader], resource=RESOURCE, views=[exponential])
    logs = LoggerProvider(resource=RESOURCE)
    logs.add_log_record_processor(BatchLogRecordProcessor(LogTee(OTLPLogExporter())))
    scope = ("shop.python", "1.2.3", "https://opentelemetry.io/schemas/1.39.0", {"scope.attribute": "ö", "n": 1})
    tracer = tracers.get_tracer(scope[0], scope[1], schema_url=scope[2], attributes=scope[3])
    root = emit_spans(tracer)
    emit_metrics(meters.get_meter(scope[0], scope[1], schema_url=scope[2], attributes=scope[3]), root)
    emit_logs(logs.get_logger(scope[0], scope[1], schema_url=scope[2], attributes=scope[3]), root)
    for provider in (tracers, meters, logs):
        provider.shutdown()
    if failures:
        sys.exit(f"not accepted: {', '.join(failures)}")


main()
