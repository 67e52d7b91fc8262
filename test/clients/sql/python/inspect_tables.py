"""Reads Wattline through SQLAlchemy, as Superset does, by both of its dialects, and in every compression of
clickhouse-connect; prints one JSON line a check: its name, and rows or the error. Arguments: host, port."""

import json
import sys

import clickhouse_connect
from clickhouse_connect.driver.external import ExternalData
from sqlalchemy import MetaData, Table, create_engine, inspect, text

HOST, PORT = sys.argv[1], int(sys.argv[2])
SERVICE = "reader's ü"
SPANS = "SELECT TraceId, SpanId, SpanName, Duration FROM otel_traces WHERE ServiceName = {} ORDER BY SpanId"


def plain(value):
    if isinstance(value, dict):
        return {key: plain(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)) or type(value).__name__ == "Row":
        return [plain(item) for item in value]
    if isinstance(value, bool) or value is None or isinstance(value, str):
        return value
    return str(value)


def check(name, rows):
    try:
        print(json.dumps({"check": name, "rows": plain(rows())}))
    except Exception as error:
        print(json.dumps({"check": name, "error": f"{type(error).__name__}: {error}"[:500]}))


for compress in ("lz4", "zstd", "gzip", False):
    client = clickhouse_connect.get_client(host=HOST, port=PORT, compress=compress)
    check(f"spans {compress}", lambda: client.query(SPANS.format("{s:String}"), parameters={"s": SERVICE}).result_rows)
    check(f"many {compress}", lambda: [[len(client.query("SELECT number, toString(number) FROM numbers(50000)").result_rows)]])
client = clickhouse_connect.get_client(host=HOST, port=PORT, database="wattline", session_id="inspect")
check("ping", lambda: [[client.ping()]])
check("settings", lambda: client.query("SELECT getNull.x FROM (SELECT 1 AS a) AS l LEFT JOIN (SELECT 2 AS a, 3 AS x) AS getNull USING (a)", settings={"join_use_nulls": 1}).result_rows)
check("session", lambda: [client.command("SET join_use_nulls = 1") and [], client.query("SELECT r.x FROM (SELECT 1 AS a) AS l LEFT JOIN (SELECT 2 AS a, 3 AS x) AS r USING (a)").result_rows][1:][0])
check("summary", lambda: [[client.query("SELECT number FROM numbers(1000)").summary["result_rows"]]])
check("explain", lambda: [[len(client.query("EXPLAIN SELECT count() FROM ledger").result_rows) > 0]])
check("external", lambda: client.query("SELECT * FROM x", external_data=ExternalData(file_name="x", data=b"1\n", fmt="CSV", structure="a UInt8")).result_rows)

for name, url in (("connect", f"clickhousedb://default:@{HOST}:{PORT}/wattline"), ("sqlalchemy", f"clickhouse+http://default:@{HOST}:{PORT}/wattline")):
    engine = create_engine(url)
    found = inspect(engine)
    check(f"{name} schemas", lambda: [[schema] for schema in found.get_schema_names()])
    check(f"{name} tables", lambda: [[table] for table in sorted(found.get_table_names(schema="wattline"))])
    check(f"{name} views", lambda: [[view] for view in sorted(found.get_view_names(schema="wattline"))])
    check(f"{name} columns", lambda: [[column["name"], bool(column["nullable"])] for column in found.get_columns("ledger", schema="wattline")])
    check(f"{name} indexes", lambda: found.get_indexes("ledger", schema="wattline"))
    check(f"{name} has", lambda: [[found.has_table("ledger", schema="wattline"), found.has_table("missing", schema="wattline")]])
    check(f"{name} reflect", lambda: [[column.name] for column in Table("ledger", MetaData(), autoload_with=engine).columns])
    with engine.connect() as connection:
        check(f"{name} spans", lambda: connection.execute(text(SPANS.format(":s")), {"s": SERVICE}).fetchall())
        check(f"{name} explain", lambda: [[len(connection.execute(text("EXPLAIN SELECT 1")).fetchall()) > 0]])
check("connect comment", lambda: [[inspect(create_engine(f"clickhousedb://default:@{HOST}:{PORT}/wattline")).get_table_comment("ledger", schema="wattline")["text"]]])
