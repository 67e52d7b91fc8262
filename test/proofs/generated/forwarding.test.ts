// Guarantees: what the imported test does, over many more rounds of sending and restarting.
import '../../processors/forward/simulation.test.ts'
