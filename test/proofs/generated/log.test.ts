// Guarantees: what the imported tests do, over many more interleavings.
import '../../core/broker/compaction.test.ts'
import '../../core/broker/model.test.ts'
import '../../processors/store/combined-inserts.test.ts'
