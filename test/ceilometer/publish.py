"""Publishes samples through Ceilometer's own OpenTelemetry publisher. Arguments: URL, and samples as JSON."""
import json
import sys

from ceilometer import sample, service
from ceilometer.publisher import opentelemetry_http
from oslo_utils import netutils

url, samples = sys.argv[1], json.loads(sys.argv[2])
conf = service.prepare_service(argv=["publish"], config_files=[])
publisher = opentelemetry_http.OpentelemetryHttpPublisher(conf, netutils.urlsplit(url))
publisher.publish_samples([sample.Sample(
    name=one["name"], type=one["type"], unit=one["unit"], volume=one["volume"],
    user_id=one["user_id"], project_id=one["project_id"], resource_id=one["resource_id"],
    timestamp=one["timestamp"], resource_metadata={}) for one in samples])
