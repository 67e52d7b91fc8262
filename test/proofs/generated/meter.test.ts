// Guarantees: what the imported tests do, over many more generated readings and rows.
import '../../books/workload-sources.test.ts'
import '../../processors/meter/booked-by-name.test.ts'
import '../../processors/meter/conservation.test.ts'
import '../../processors/meter/idle-policy.test.ts'
import '../../processors/rate/rate.test.ts'
