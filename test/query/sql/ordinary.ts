/** Typical statements of people and their tools, with the expected rows (columns as JSONCompactEachRow). */
export const ORDINARY: readonly (readonly [sql: string, rows: readonly (readonly unknown[])[]])[] = [
  // clients
  ['SELECT 1', [[1]]],
  ['SELECT 1;', [[1]]],
  ['select 1 -- with a comment', [[1]]],
  ['/* lead */ SELECT 1 /* trail */;  ', [[1]]],
  // settings, as clients and people add them
  ['SELECT number FROM numbers(3) SETTINGS max_threads = 1', [['0'], ['1'], ['2']]],
  ["SELECT 1 AS x SETTINGS join_use_nulls = 1, log_comment = 'a \\' b'", [[1]]],
  ['SELECT 1 AS settings, 2 SETTINGS readonly = 0', [[1, 2]]],
  [
    'SELECT r.x FROM (SELECT 1 AS one) AS l LEFT JOIN (SELECT 2 AS one, 3 AS x) AS r USING (one) SETTINGS join_use_nulls = true',
    [[null]],
  ],
  ["SELECT 1 UNION SELECT 1 SETTINGS union_default_mode = 'ALL'", [[1], [1]]],
  [
    'SELECT 18446744073709551615 SETTINGS output_format_json_quote_64bit_integers = 1',
    [['18446744073709551615']],
  ],
  ["SELECT toString(toDateTime(0)) SETTINGS session_timezone = 'Europe/Berlin'", [['1970-01-01 01:00:00']]],
  // lists
  ["SHOW SETTINGS LIKE 'readonl%'", [['readonly', 'UInt64', '2']]],
  ['SHOW DICTIONARIES', []],
  ["SHOW FUNCTIONS LIKE 'no such%'", []],
  [
    "SELECT system.tables.name FROM system.tables WHERE system.tables.database = 'wattline' AND system.tables.name = 'ledger'",
    [['ledger']],
  ],
  ['SELECT count() > 50 FROM system.formats WHERE is_output', [[1]]],
  ['SELECT count() FROM system.clusters, system.dictionaries', [['0']]],
  [
    "SELECT column_name FROM information_schema.key_column_usage WHERE table_name = 'grid_intensity' ORDER BY ordinal_position LIMIT 1",
    [['Zone']],
  ],
  ["SELECT TABLE_NAME FROM INFORMATION_SCHEMA.VIEWS WHERE TABLE_NAME = 'usage_daily'", [['usage_daily']]],
  ["SELECT currentUser() != ''", [[1]]],
  // what the engine makes of a statement
  [
    "DESCRIBE (SELECT 1 AS a, 'x' AS b)",
    [
      ['a', 'UInt8', '', '', '', '', ''],
      ['b', 'String', '', '', '', '', ''],
    ],
  ],
  ['DESC TABLE (SELECT TraceId FROM otel_traces LIMIT 1)', [['TraceId', 'String', '', '', '', '', '']]],
  ['EXPLAIN SYNTAX SELECT 1 AS a', [['SELECT 1 AS a'], ['FROM system.one']]],
  [
    'explain ast SELECT 1',
    [
      ['SelectWithUnionQuery (children 1)'],
      [' ExpressionList (children 1)'],
      ['  SelectQuery (children 1)'],
      ['   ExpressionList (children 1)'],
      ['    Literal UInt64_1'],
    ],
  ],
  ['SELECT length(timezone()) > 0, length(version()) > 0', [[1, 1]]],
  ['SELECT currentDatabase()', [['wattline']]],
  ['SHOW DATABASES', [['wattline']]],
  ["SHOW TABLES LIKE 'otel_l%'", [['otel_logs']]],
  ["SHOW TABLES FROM wattline LIKE 'usage%'", [['usage_daily'], ['usage_hourly']]],
  ['SHOW TABLES FROM "wattline" LIMIT 1', [['alerts']]],
  ['SHOW TABLES FROM system', []],
  ['EXISTS TABLE wattline.ledger', [[1]]],
  ['EXISTS system.parts', [[0]]],
  ['EXISTS DATABASE wattline', [[1]]],
  ['SELECT name FROM system.databases ORDER BY name', [['wattline']]],
  [
    "SELECT name, type, table FROM system.columns WHERE database = 'wattline' AND table IN ('otel_traces') AND name LIKE 'Trace%'",
    [
      ['TraceId', 'String', 'otel_traces'],
      ['TraceState', 'String', 'otel_traces'],
    ],
  ],
  ["SELECT count() FROM system.tables WHERE name = 'ledger' AND engine LIKE '%MergeTree'", [['1']]],
  [
    "SELECT t.name, count() FROM system.tables AS t JOIN system.columns c ON c.table = t.name WHERE t.name = 'grid_intensity' GROUP BY t.name",
    [['grid_intensity', '9']],
  ],
  ["SELECT name, value FROM system.settings WHERE name = 'x'", []],
  // as JDBC, SQLAlchemy and DBeaver query
  [
    "SELECT system.tables.name FROM system.tables WHERE system.tables.database = 'wattline' AND system.tables.name = 'ledger'",
    [['ledger']],
  ],
  [
    "SELECT t.name, d.engine FROM system.tables t INNER JOIN system.databases d ON system.tables.database = system.databases.name WHERE t.name = 'ledger'",
    [['ledger', 'Atomic']],
  ],
  ["SELECT tables.name FROM system.tables WHERE tables.name = 'ledger'", [['ledger']]],
  [
    `SELECT name, multiIf(${Array.from({ length: 30 }, (_, n) => `system.columns.type = 'T${n}', ${n}`).join(', ')}, 0) AS code FROM system.columns WHERE table = 'otel_metrics_summary' AND name = 'Sum'`,
    [['Sum', 0]],
  ],
  [
    "SELECT engine, engine_full, comment, uuid != toUUID('00000000-0000-0000-0000-000000000000') FROM system.tables WHERE database = 'wattline' AND name = 'usage_hourly'",
    [['View', '', '', 1]],
  ],
  [
    "SELECT partition_key, sorting_key, create_table_query LIKE 'CREATE TABLE wattline.grid_intensity %' FROM system.tables WHERE name = 'grid_intensity'",
    [['tuple()', 'Zone, Kind, ValidFrom, Version', 1]],
  ],
  ["SELECT count() FROM system.tables WHERE name LIKE 'system%' OR name LIKE '%_mv'", [['0']]],
  [
    "SELECT table_name, table_type FROM information_schema.tables WHERE table_schema = 'wattline' AND table_name LIKE 'usage%' ORDER BY 1",
    [
      ['usage_daily', 'VIEW'],
      ['usage_hourly', 'VIEW'],
    ],
  ],
  [
    "SELECT COLUMN_NAME, DATA_TYPE, IS_NULLABLE FROM INFORMATION_SCHEMA.COLUMNS WHERE TABLE_NAME = 'ledger' AND COLUMN_NAME = 'EnergyUj'",
    [['EnergyUj', 'Int64', 'NO']],
  ],
  ['SELECT schema_name FROM information_schema.schemata', [['wattline']]],
  ["SELECT name, case_insensitive FROM system.functions WHERE name = 'toDate32'", [['toDate32', 0]]],
  ["SELECT alias_to FROM system.data_type_families WHERE name = 'BIGINT'", [['Int64']]],
  ['SELECT dummy FROM system.one', [[0]]],
  [
    "SELECT startsWith(statement, 'CREATE TABLE wattline.ledger') FROM (SELECT create_table_query AS statement FROM system.tables WHERE name = 'ledger')",
    [[1]],
  ],
  ["SELECT 'system.parts is only text'", [['system.parts is only text']]],
  [
    'SELECT DISTINCT arrayJoin(mapKeys(SpanAttributes)) AS keys FROM otel_traces ORDER BY keys LIMIT 1000',
    [['http.response.status_code'], ['http.route']],
  ],
  // traces
  ['SELECT count() FROM otel_traces', [['4']]],
  ['SELECT count() FROM wattline.otel_traces', [['4']]],
  [
    'SELECT ServiceName, count() AS n FROM otel_traces GROUP BY ServiceName ORDER BY n DESC',
    [
      ['cart', '3'],
      ['pay', '1'],
    ],
  ],
  ["SELECT SpanName FROM otel_traces WHERE SpanAttributes['http.route'] = '/pay'", [['POST /pay']]],
  ["SELECT quantile(0.5)(Duration) / 1e6 FROM otel_traces WHERE ServiceName = 'cart'", [[2]]],
  [
    "SELECT round(avgIf(Duration, StatusCode = 'Error') / 1e6, 1), countIf(StatusCode = 'Error') FROM otel_traces",
    [[9, '1']],
  ],
  [
    "SELECT quantiles(0.5, 0.99)(Duration) FROM otel_traces WHERE ServiceName = 'pay'",
    [[[9000000, 9000000]]],
  ],
  [
    'SELECT toStartOfInterval(toDateTime(Timestamp), INTERVAL 60 second) AS time, ServiceName, count() AS value FROM otel_traces WHERE Timestamp >= toDateTime(1795176000) AND Timestamp <= toDateTime(1795179600) GROUP BY time, ServiceName ORDER BY time, ServiceName',
    [
      ['2026-11-20 12:00:00', 'cart', '2'],
      ['2026-11-20 12:00:00', 'pay', '1'],
      ['2026-11-20 12:01:00', 'cart', '1'],
    ],
  ],
  [
    'SELECT toStartOfInterval(toDateTime64(Timestamp, 3), INTERVAL 1000 millisecond) AS t, count() FROM otel_traces GROUP BY t ORDER BY t LIMIT 1',
    [['2026-11-20 12:00:00.000', '3']],
  ],
  [
    'SELECT count() FROM otel_traces WHERE Timestamp >= fromUnixTimestamp64Milli(1795176000000) AND Timestamp <= fromUnixTimestamp64Milli(1795176059000)',
    [['3']],
  ],
  [
    "SELECT TraceId AS traceID, SpanId AS spanID, ParentSpanId AS parentSpanID, ServiceName AS serviceName, SpanName AS operationName, toUnixTimestamp64Nano(Timestamp)*0.000001 AS startTime, Duration*0.000001 AS duration, arrayMap(key -> map('key', key, 'value', SpanAttributes[key]), mapKeys(SpanAttributes)) AS tags, arrayMap(key -> map('key', key, 'value', ResourceAttributes[key]), mapKeys(ResourceAttributes)) AS serviceTags, if(StatusCode IN ('Error','STATUS_CODE_ERROR'), 2, 0) AS statusCode FROM wattline.otel_traces WHERE TraceId = '0af7651916cd43dd8448eb211c80319d'",
    [
      [
        '0af7651916cd43dd8448eb211c80319d',
        'b7ad6b7169203333',
        '',
        'pay',
        'POST /pay',
        1795176000000,
        9,
        [{ key: 'http.route', value: '/pay' }],
        [{ key: 'service.name', value: 'pay' }],
        2,
      ],
    ],
  ],
  [
    "WITH '0af7651916cd43dd8448eb211c80319c' AS id, (SELECT min(Start) FROM otel_traces_trace_id_ts WHERE TraceId = id) AS first SELECT count() FROM otel_traces WHERE TraceId = id AND Timestamp >= first",
    [['3']],
  ],
  [
    'SELECT uniq(TraceId), uniqExact(ServiceName), countDistinct(SpanName) FROM otel_traces',
    [['2', '2', '2']],
  ],
  ['SELECT count(DISTINCT SpanName) FROM otel_traces', [['2']]],
  [
    'SELECT argMax(SpanName, Duration), min(Duration), max(Duration), any(SpanKind) FROM otel_traces',
    [['POST /pay', '2000000', '9000000', 'Server']],
  ],
  ['SELECT DISTINCT ServiceName FROM otel_traces ORDER BY 1', [['cart'], ['pay']]],
  ['SELECT ServiceName FROM otel_traces GROUP BY ALL HAVING count() > 1', [['cart']]],
  [
    'SELECT ServiceName, SpanName FROM otel_traces ORDER BY Timestamp DESC, SpanId LIMIT 1',
    [['cart', 'GET /cart']],
  ],
  [
    'SELECT ServiceName, SpanId FROM otel_traces ORDER BY ServiceName, SpanId LIMIT 1 BY ServiceName',
    [
      ['cart', 'b7ad6b7169203331'],
      ['pay', 'b7ad6b7169203333'],
    ],
  ],
  ['SELECT SpanId FROM otel_traces ORDER BY SpanId LIMIT 1 OFFSET 1', [['b7ad6b7169203332']]],
  ['SELECT * EXCEPT (ResourceAttributes, SpanAttributes) FROM otel_traces WHERE 0', []],
  ["SELECT COLUMNS('^Span(Name|Kind)$') FROM otel_traces LIMIT 1", [['GET /cart', 'Server']]],
  ['SELECT t.* FROM (SELECT 1 AS a, 2 AS b) AS t', [[1, 2]]],
  // joins, subqueries, CTEs, windows, unions
  [
    "SELECT t.ServiceName, l.Body FROM otel_traces AS t INNER JOIN otel_logs AS l ON t.TraceId = l.TraceId WHERE t.ServiceName = 'pay'",
    [['pay', 'payment failed']],
  ],
  [
    "SELECT l.Body, t.SpanName FROM otel_logs AS l LEFT JOIN otel_traces AS t ON t.TraceId = l.TraceId AND t.ServiceName = 'pay' ORDER BY l.Body",
    [
      ['item added', ''],
      ['payment failed', 'POST /pay'],
    ],
  ],
  ['SELECT count() FROM otel_traces WHERE TraceId IN (SELECT TraceId FROM otel_logs)', [['1']]],
  [
    'WITH slow AS (SELECT TraceId FROM otel_traces WHERE Duration > 5000000) SELECT count() FROM otel_traces WHERE TraceId IN slow',
    [['1']],
  ],
  [
    'WITH per AS (SELECT ServiceName, count() AS n FROM otel_traces GROUP BY 1), most AS (SELECT max(n) AS n FROM per) SELECT per.ServiceName FROM per JOIN most USING (n)',
    [['cart']],
  ],
  ['SELECT max(n) FROM (SELECT count() AS n FROM otel_traces GROUP BY ServiceName)', [['3']]],
  [
    "SELECT SpanId, row_number() OVER (PARTITION BY ServiceName ORDER BY Timestamp, SpanId) AS n FROM otel_traces WHERE ServiceName = 'cart' ORDER BY n LIMIT 2",
    [
      ['b7ad6b7169203331', '1'],
      ['b7ad6b7169203332', '2'],
    ],
  ],
  [
    'SELECT sum(Duration) OVER w AS s FROM otel_traces WINDOW w AS (ORDER BY SpanId ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW) ORDER BY s DESC LIMIT 1',
    [['15000000']],
  ],
  ['SELECT lagInFrame(number, 1, 99) OVER (ORDER BY number) FROM numbers(3)', [['99'], ['0'], ['1']]],
  [
    'SELECT rank() OVER (ORDER BY number DESC), dense_rank() OVER (ORDER BY number) FROM numbers(1)',
    [['1', '1']],
  ],
  [
    "SELECT 'spans' AS what, count() AS n FROM otel_traces UNION ALL SELECT 'logs', count() FROM otel_logs",
    [
      ['spans', '4'],
      ['logs', '2'],
    ],
  ],
  ['SELECT 1 UNION DISTINCT SELECT 1', [[1]]],
  ['SELECT 1 INTERSECT SELECT 1', [[1]]],
  ['SELECT 1 EXCEPT SELECT 1', []],
  [
    'WITH RECURSIVE r AS (SELECT 1 AS n UNION ALL SELECT n + 1 FROM r WHERE n < 3) SELECT n FROM r ORDER BY n',
    [['1'], ['2'], ['3']],
  ],
  ['SELECT EXISTS(SELECT 1 FROM otel_logs)', [[1]]],
  [
    'SELECT ServiceName, (SELECT count() FROM otel_logs) AS logs FROM otel_traces GROUP BY ServiceName ORDER BY ServiceName',
    [
      ['cart', '2'],
      ['pay', '2'],
    ],
  ],
  // the ledger
  ['SELECT sum(EnergyUj) FROM ledger', [['3600000000']]],
  [
    'SELECT Share, sum(EnergyUj) AS e FROM ledger GROUP BY Share ORDER BY e DESC',
    [
      ['idle', '2700000000'],
      ['active', '675000000'],
      ['unattributed', '225000000'],
    ],
  ],
  [
    'SELECT Host, WindowStart, sum(EnergyUj) FROM ledger GROUP BY Host, WindowStart',
    [['h1', '2026-11-20 12:00:00', '3600000000']],
  ],
  [
    "SELECT WorkloadName, sum(CarbonOperationalUg) / 1e6 AS grams, sum(CostEnergyNano) FROM ledger WHERE Share = 'active' GROUP BY 1 ORDER BY 1",
    [
      ['alpha', 0.045, '37500'],
      ['beta', 0.0225, '18750'],
    ],
  ],
  ['SELECT sum(EnergyUj), sum(Entries) FROM usage_hourly', [['3600000000', '4']]],
  [
    'SELECT toDate(WindowStart) AS day, sum(EnergyUj) FROM usage_daily GROUP BY day',
    [['2026-11-20', '3600000000']],
  ],
  ['SELECT count() FROM grid_intensity', [['0']]],
  ['SELECT (SELECT sum(EnergyUj) FROM ledger) = (SELECT sum(EnergyUj) FROM usage_hourly)', [[1]]],
  ["SELECT CAST(sumIf(EnergyUj, Share = 'active') / 3.6e12 AS Decimal(18, 9)) FROM ledger", [[0.0001875]]],
  // functions of analysts
  [
    'SELECT groupArray(number), sumMap([1, 2], [3, 4]), topK(1)(number % 1) FROM numbers(3)',
    [
      [
        ['0', '1', '2'],
        [
          [1, 2],
          ['9', '12'],
        ],
        [0],
      ],
    ],
  ],
  [
    "SELECT arrayFilter(x -> x > 1, [1, 2, 3]), arraySum(x -> x * 2, [1, 2]), has([1], 1), arrayStringConcat(['a', 'b'], '-')",
    [[[2, 3], '6', 1, 'a-b']],
  ],
  [
    "SELECT upper('a'), concat('a', 'b'), splitByChar(',', 'a,b'), replaceRegexpAll('a1', '[0-9]', 'x'), substring('abc', 2, 1)",
    [['A', 'ab', ['a', 'b'], 'ax', 'b']],
  ],
  [
    "SELECT JSONExtractString('{\"a\":\"b\"}', 'a'), toJSONString(map('k', 1)), lower(hex('a'))",
    [['b', '{"k":1}', '61']],
  ],
  [
    "SELECT toDate('2026-11-20') + INTERVAL 1 DAY, dateDiff('hour', toDateTime(0), toDateTime(7200)), toYYYYMM(toDate('2026-11-20'))",
    [['2026-11-21', '2', 202611]],
  ],
  [
    "SELECT formatDateTime(toDateTime(0, 'UTC'), '%Y-%m-%d'), parseDateTimeBestEffort('2026-11-20T12:00:00Z') > now() - INTERVAL 100 YEAR",
    [['1970-01-01', 1]],
  ],
  [
    "SELECT CASE WHEN 1 > 2 THEN 'a' ELSE 'b' END, CASE 2 WHEN 1 THEN 'x' WHEN 2 THEN 'y' END, if(1, 2, 3), multiIf(0, 1, 2), coalesce(NULL, 4)",
    [['b', 'y', 2, 2, 4]],
  ],
  [
    'SELECT 1 BETWEEN 0 AND 2, 1 IN (1, 2), NOT 0, -1, 7 % 4, 7 DIV 2, 2 IS NOT NULL',
    [[1, 1, 1, -1, 3, 3, 1]],
  ],
  [
    "SELECT 'abc' LIKE concat('%', 'b', '%'), editDistance('cart', 'card'), hasAny(['a', 'b'], ['b']), position('abc', 'c'), replaceAll('aa', 'a', 'b'), match('a1', '^[a-z]{1,3}[0-9]{1,20}$'), multiSearchAny('abc', ['x', 'b']), hasAll([1, 2], range(2)), locate('b', toString('ab'))",
    [[1, '1', 1, '3', 'bb', 1, 1, 0, '2']],
  ],
  [
    "SELECT length(concat(leftPad('1', 20), leftPad('2', 20), leftPad('3', 20), leftPad('4', 20))), 'a' ILIKE 'A'",
    [['80', 1]],
  ],
  [
    "SELECT leftPad('7', 3, '0'), replaceRegexpAll('GET /7', '[0-9]+', 'N'), repeat('ab', 2), match('Cart', '(?i)cart|pay')",
    [['007', 'GET /N', 'abab', 1]],
  ],
  ["SELECT 'a' LIKE 'A', 'a' ILIKE 'A', match('abc', 'b.'), extract('a=1', 'a=([0-9])')", [[0, 1, 1, '1']]],
  [
    'SELECT x, y FROM (SELECT 1 AS x) ARRAY JOIN [10, 20] AS y',
    [
      [1, 10],
      [1, 20],
    ],
  ],
  [
    "SELECT * FROM values('a UInt8, b String', (1, 'x'), (2, 'y'))",
    [
      [1, 'x'],
      [2, 'y'],
    ],
  ],
  ['SELECT number FROM numbers(2) ORDER BY number DESC', [['1'], ['0']]],
  ['SELECT number AS n FROM numbers(2) ORDER BY n WITH FILL TO 3', [['0'], ['1'], ['2']]],
  [
    'SELECT number % 2 AS k, count() FROM numbers(4) GROUP BY ROLLUP(k) ORDER BY k, 2',
    [
      [0, '2'],
      [0, '4'],
      [1, '2'],
    ],
  ],
  [
    'SELECT quantileTDigestIf(0.5)(number, number > 0), sumOrNull(number), uniqCombined64(number), stddevPop(number) > 0 FROM numbers(3)',
    [[1, '3', '3', 1]],
  ],
]
