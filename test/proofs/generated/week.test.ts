// Guarantees: what the imported test does, for more weeks.
import '../../week/week.test.ts'
