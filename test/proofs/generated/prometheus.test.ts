// Guarantees: what the imported tests do, over all paths and all expressions that take long.
import '../../query/prometheus/hostile.test.ts'
