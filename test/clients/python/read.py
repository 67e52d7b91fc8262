"""Reads a table through Wattline's ClickHouse door with the official Python client; prints one JSON line a query."""

import json
import sys
from urllib.parse import urlparse

import clickhouse_connect


def plain(value):
    if isinstance(value, dict):
        return {key: plain(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [plain(item) for item in value]
    # 64-bit integers as text: JSON's readers make doubles of numbers.
    return str(value) if isinstance(value, int) and not isinstance(value, bool) else value


url = urlparse(sys.argv[1])
queries = json.loads(sys.argv[2])
for compress in (True, False):
    client = clickhouse_connect.get_client(host=url.hostname, port=url.port, proxy_path="/clickhouse", compress=compress)
    for query in queries:
        result = client.query(query["sql"], parameters=query["parameters"])
        print(json.dumps(plain(result.result_rows)))
    assert client.ping()
