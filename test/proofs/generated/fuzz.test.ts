// Guarantees: what the imported test does, over many more mutated payloads.
import '../../fuzz/fuzz.test.ts'
