// Guarantees: what the imported tests do, over many more statements for each table and places in a statement.
import '../../hostile/isolation.test.ts'
