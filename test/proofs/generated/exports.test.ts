// Guarantees: what the imported tests do, over many more orders of rows and failing places.
import '../../core/exports/exporter.test.ts'
