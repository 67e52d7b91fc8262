// Guarantees: what the imported tests do, over many more generated hosts and counters.
import '../../books/counters.test.ts'
import '../../books/live-and-ledger.test.ts'
import '../../books/random-books.test.ts'
