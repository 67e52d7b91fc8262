// Guarantees: what the imported tests do, with more processes that start at the same time.
import '../../core/warehouse/clickhouse/migrations.test.ts'
