// Guarantees: what the imported tests do, with a disk that fills up many more times.
import '../../core/warehouse/embedded/insert-repair.test.ts'
