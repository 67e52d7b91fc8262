import type { ConfigProblem } from './problem.ts'
import type { Config } from './schema.ts'

/** Relations between the keys of exports and others. */
export function exportsProblems({
  exports: { to, tables },
  warehouse,
}: Pick<Config, 'exports' | 'warehouse'>): ConfigProblem[] {
  const problems: ConfigProblem[] = []
  if (to !== undefined && warehouse.kind !== 'embedded') {
    problems.push({
      path: 'exports.to',
      problem:
        'exports need the embedded engine. A ClickHouse server writes Parquet itself: INSERT INTO FUNCTION s3(...) SELECT ...',
    })
  }
  if (new Set(tables).size < tables.length) {
    problems.push({ path: 'exports.tables', problem: 'a table is listed twice' })
  }
  return problems
}
