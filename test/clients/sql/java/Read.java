// Reads Wattline through clickhouse-jdbc, as DBeaver and Metabase do; prints one JSON line a check: its name, and rows or the error.
// Arguments: JDBC URL, user, password, and the checks to run (default all).
import java.sql.*;
import java.util.*;
import java.util.concurrent.*;

public class Read {
  interface Check { List<List<Object>> rows() throws Exception; }

  public static void main(String[] args) throws Exception {
    Properties properties = new Properties();
    properties.setProperty("user", args[1]);
    properties.setProperty("password", args[2]);
    try (Connection connection = DriverManager.getConnection(args[0], properties)) {
      DatabaseMetaData meta = connection.getMetaData();
      Map<String, Check> checks = new LinkedHashMap<>();
      checks.put("valid", () -> one(connection.isValid(5)));
      checks.put("product", () -> one(meta.getDatabaseProductName(), meta.getDatabaseMajorVersion()));
      checks.put("user", () -> one(meta.getUserName()));
      checks.put("schemas", () -> columns(meta.getSchemas(), "TABLE_SCHEM"));
      checks.put("catalogs", () -> columns(meta.getCatalogs(), "TABLE_CAT"));
      checks.put("tableTypes", () -> columns(meta.getTableTypes(), "TABLE_TYPE"));
      checks.put("tables", () -> columns(meta.getTables(null, "wattline", "%", null), "TABLE_SCHEM", "TABLE_NAME"));
      checks.put("tablesOfKind", () -> columns(meta.getTables(null, "wattline", "led%", new String[] {"TABLE"}), "TABLE_NAME"));
      checks.put("columns", () -> columns(meta.getColumns(null, "wattline", "%", "%"), "TABLE_NAME", "COLUMN_NAME", "TYPE_NAME",
          "ORDINAL_POSITION"));
      checks.put("columnsOfOne", () -> columns(meta.getColumns(null, "wattline", "ledger", "Energy%"), "COLUMN_NAME", "DATA_TYPE",
          "NULLABLE"));
      checks.put("primaryKeys", () -> columns(meta.getPrimaryKeys(null, "wattline", "ledger"), "COLUMN_NAME"));
      checks.put("importedKeys", () -> columns(meta.getImportedKeys(null, "wattline", "ledger"), "FKCOLUMN_NAME"));
      checks.put("indexInfo", () -> columns(meta.getIndexInfo(null, "wattline", "ledger", false, false), "COLUMN_NAME"));
      checks.put("typeInfo", () -> columns(meta.getTypeInfo(), "TYPE_NAME"));
      checks.put("functions", () -> columns(meta.getFunctions(null, null, "count%"), "FUNCTION_NAME"));
      checks.put("procedures", () -> columns(meta.getProcedures(null, null, "%"), "PROCEDURE_NAME"));
      checks.put("extremes", () -> all(connection.createStatement(),
          "SELECT toUInt64(18446744073709551615), toInt64(-9223372036854775808), toDecimal128('1.23', 2), 0.1, CAST(NULL, 'Nullable(String)'), true, "
              + "toDateTime64('2026-11-30 01:02:03.123456789', 9, 'UTC'), [1, 2], map('a', 'b')"));
      checks.put("many", () -> {
        long sum = 0, count = 0;
        try (Statement statement = connection.createStatement();
            ResultSet rows = statement.executeQuery("SELECT number, toString(number) FROM numbers(100000)")) {
          for (; rows.next(); count++) sum += rows.getLong(1) + rows.getString(2).length();
        }
        return one(count, sum);
      });
      checks.put("prepared", () -> {
        String sql = "SELECT SpanName, Duration FROM otel_traces WHERE ServiceName = ? AND Duration >= ? ORDER BY SpanId LIMIT ?";
        try (PreparedStatement statement = connection.prepareStatement(sql)) {
          statement.setString(1, "reader's ü");
          statement.setLong(2, 0);
          statement.setInt(3, 5);
          return rows(statement.executeQuery());
        }
      });
      checks.put("preparedMeta", () -> {
        try (PreparedStatement statement = connection.prepareStatement("SELECT SpanName, Duration FROM otel_traces WHERE ServiceName = ?")) {
          ResultSetMetaData described = statement.getMetaData();
          return one(described.getColumnCount(), described.getColumnName(1), described.getColumnTypeName(2));
        }
      });
      checks.put("spans", () -> all(connection.createStatement(),
          "SELECT TraceId, SpanId, SpanName, Duration, toUnixTimestamp64Nano(Timestamp), SpanAttributes FROM otel_traces "
              + "WHERE ServiceName = 'reader''s ü' ORDER BY SpanId"));
      checks.put("maxRows", () -> {
        try (Statement statement = connection.createStatement()) {
          statement.setMaxRows(3);
          return rows(statement.executeQuery("SELECT number FROM numbers(10)"));
        }
      });
      checks.put("session", () -> {
        try (Statement statement = connection.createStatement()) {
          statement.execute("USE wattline");
          statement.execute("SET join_use_nulls = 1");
          return rows(statement.executeQuery("SELECT currentUser() != '', currentDatabase()"));
        }
      });
      checks.put("schema", () -> {
        connection.setSchema("wattline");
        return one(connection.getSchema(), count(connection, "SELECT count() >= 0 FROM ledger"));
      });
      checks.put("show", () -> all(connection.createStatement(), "SHOW TABLES FROM wattline LIKE 'ledger'"));
      checks.put("showCreate", () -> {
        String text = String.valueOf(all(connection.createStatement(), "SHOW CREATE TABLE wattline.ledger").get(0).get(0));
        return one(text.startsWith("CREATE TABLE wattline.ledger"), text.contains("EnergyUj"));
      });
      checks.put("describe", () -> {
        List<List<Object>> found = all(connection.createStatement(), "DESCRIBE TABLE wattline.ledger");
        return one(found.size(), found.get(0).get(0), found.get(0).get(1));
      });
      checks.put("explain", () -> one(all(connection.createStatement(), "EXPLAIN SELECT count() FROM ledger").size() > 0));
      checks.put("error", () -> {
        try (Statement statement = connection.createStatement()) {
          statement.executeQuery("SELECT * FROM missing");
          return one("no error");
        } catch (SQLException error) {
          return one(error.getErrorCode());
        }
      });
      checks.put("refused", () -> {
        try (Statement statement = connection.createStatement()) {
          statement.executeUpdate("INSERT INTO ledger (Host) VALUES ('x')");
          return one("no error");
        } catch (SQLException error) {
          return one(error.getErrorCode());
        }
      });
      checks.put("cancel", () -> {
        try (Statement statement = connection.createStatement()) {
          ExecutorService other = Executors.newSingleThreadExecutor();
          long start = System.nanoTime();
          Future<?> cancelling = other.submit(() -> {
            Thread.sleep(1500);
            statement.cancel();
            return null;
          });
          String outcome = "no error";
          try {
            ResultSet found = statement.executeQuery("SELECT count() FROM numbers(1000000000000) WHERE cityHash64(number) = 1");
            while (found.next()) {}
          } catch (SQLException error) {
            outcome = "cancelled";
          }
          cancelling.get(20, TimeUnit.SECONDS);
          other.shutdown();
          return one(outcome, System.nanoTime() - start < 15_000_000_000L);
        }
      });
      for (String name : checks.keySet()) {
        if (args.length > 3 && !Arrays.asList(args).subList(3, args.length).contains(name)) continue;
        try {
          System.out.println("{\"check\":" + json(name) + ",\"rows\":" + json(checks.get(name).rows()) + "}");
        } catch (Exception error) {
          Throwable cause = error;
          while (cause.getCause() != null) cause = cause.getCause();
          System.out.println("{\"check\":" + json(name) + ",\"error\":" + json(error + " / " + cause) + "}");
        }
      }
    }
    System.exit(0);
  }

  static List<List<Object>> one(Object... values) { return List.of(Arrays.asList(values)); }

  static long count(Connection connection, String sql) throws SQLException {
    return ((Number) all(connection.createStatement(), sql).get(0).get(0)).longValue();
  }

  static List<List<Object>> all(Statement statement, String sql) throws SQLException {
    try (statement) { return rows(statement.executeQuery(sql)); }
  }

  static List<List<Object>> rows(ResultSet found) throws SQLException {
    List<List<Object>> rows = new ArrayList<>();
    while (found.next()) {
      List<Object> row = new ArrayList<>();
      for (int column = 1; column <= found.getMetaData().getColumnCount(); column++) row.add(found.getObject(column));
      rows.add(row);
    }
    return rows;
  }

  static List<List<Object>> columns(ResultSet found, String... names) throws SQLException {
    List<List<Object>> rows = new ArrayList<>();
    while (found.next()) {
      List<Object> row = new ArrayList<>();
      for (String name : names) row.add(found.getObject(name));
      rows.add(row);
    }
    return rows;
  }

  // Numbers as text: JSON's readers make doubles of them.
  static String json(Object value) throws SQLException {
    if (value == null || value instanceof Boolean) return String.valueOf(value);
    if (value instanceof java.sql.Array) return json(((java.sql.Array) value).getArray());
    if (value.getClass().isArray()) {
      List<Object> items = new ArrayList<>();
      for (int index = 0; index < java.lang.reflect.Array.getLength(value); index++) items.add(java.lang.reflect.Array.get(value, index));
      return json(items);
    }
    StringJoiner joined;
    if (value instanceof Map) {
      joined = new StringJoiner(",", "{", "}");
      for (Map.Entry<?, ?> entry : new TreeMap<Object, Object>((Map<?, ?>) value).entrySet()) joined.add(json(entry.getKey()) + ":" + json(entry.getValue()));
      return joined.toString();
    }
    if (value instanceof Iterable) {
      joined = new StringJoiner(",", "[", "]");
      for (Object item : (Iterable<?>) value) joined.add(json(item));
      return joined.toString();
    }
    StringBuilder text = new StringBuilder("\"");
    for (char letter : String.valueOf(value).toCharArray()) {
      if (letter == '"' || letter == '\\') text.append('\\').append(letter);
      else if (letter < 32 || letter > 126) text.append(String.format("\\u%04x", (int) letter));
      else text.append(letter);
    }
    return text.append('"').toString();
  }
}
