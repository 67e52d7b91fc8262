// Guarantees: what the imported tests do, for every reader that goes away, everything that hangs, and every impossible folder.
import '../../e2e/shutdown.test.ts'
