// Guarantees: what the imported tests do, over many more generated lists and samples.
import '../../collector/prometheus/remote-write/series.test.ts'
import '../../core/factors/intensity-days.test.ts'
import '../../core/factors/prices/price-book.test.ts'
