// Guarantees: what the imported test does, over many more generated spans and entries.
import '../../processors/requests/sharing.test.ts'
