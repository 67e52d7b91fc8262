/**
 * Sizes of the tables of an idle embedded engine, before and after one merge of everything, and what that merge
 * costs. A process of its own, since an engine is opened once a process:
 *
 *   node test/bench/costs/tables.ts FOLDER          prints JSON by table
 */
import { Session } from 'chdb'

export interface TableCost {
  readonly table: string
  readonly rows: number
  readonly parts: number
  /** On disk, with indexes and projections. */
  readonly bytes: number
  readonly merged_bytes: number
  /** CPU seconds of merging all parts of each day into one. */
  readonly merge_cpu_seconds: number
}

const [folder = ''] = process.argv.slice(2)
const session = new Session(folder)

function sizes(): Map<string, { rows: number; parts: number; bytes: number }> {
  const answer = session.query(
    "SELECT table, sum(rows) AS rows, count() AS parts, sum(bytes_on_disk) AS bytes FROM system.parts WHERE active AND database = 'wattline' GROUP BY table",
    'JSON',
  )
  const { data } = JSON.parse(String(answer)) as { readonly data: readonly Record<string, string>[] }
  return new Map(
    data.map(row => [
      row['table']!,
      { rows: Number(row['rows']), parts: Number(row['parts']), bytes: Number(row['bytes']) },
    ]),
  )
}

const before = sizes()
const costs: TableCost[] = []
for (const [table, { rows, parts, bytes }] of before) {
  const cpu = process.cpuUsage()
  if (parts > 1) session.query(`OPTIMIZE TABLE wattline.\`${table}\` FINAL`)
  const used = process.cpuUsage(cpu)
  costs.push({
    table,
    rows,
    parts,
    bytes,
    merged_bytes: sizes().get(table)?.bytes ?? 0,
    merge_cpu_seconds: (used.user + used.system) / 1e6,
  })
}
process.stdout.write(`${JSON.stringify(costs)}\n`)
