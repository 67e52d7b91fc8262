/** A plan as text: lines with their formulas, then what breaks first. */
import type { Assumptions, UnitCosts } from './costs.ts'
import type { PlanLimit } from './limits.ts'
import { type Demand, type PlanSheet, short } from './sheet.ts'

/** The plan as text; every value is followed by its formula. */
export function renderPlan(
  demand: Demand,
  lines: PlanSheet,
  limits: readonly PlanLimit[],
  costs: UnitCosts,
  assumed: Assumptions,
): string {
  const text = [
    `${short(demand.hosts)} hosts with ${demand.workloads} containers each, every ${demand.intervalSeconds} s; ${short(demand.spansPerSecond)} spans/s.`,
    `An estimate: unit costs measured ${costs.date} on ${costs.machine}; nothing of this size was run.`,
  ]
  for (const [group, ofGroup] of Map.groupBy(lines.values(), line => line.group)) {
    text.push('', group)
    const width = Math.max(...ofGroup.map(({ what }) => what.length))
    for (const { what, value, unit, formula } of ofGroup) {
      text.push(`  ${what.padEnd(width)}  ${`${short(value)} ${unit}`.trimEnd().padStart(12)}  = ${formula}`)
    }
  }
  text.push('', 'limits, nearest first (1 is the limit)')
  for (const { what, share, formula, remedy } of limits) {
    text.push(`  ${short(share).padStart(8)}  ${what}: ${formula}${share > 1 ? `; ${remedy}` : ''}`)
  }
  text.push('', `Prices: ${assumed.prices.source}.`)
  return `${text.join('\n')}\n`
}

/** The unit costs as the table of docs/scaling.md. */
export function renderCosts(costs: UnitCosts): string {
  const { spans, points, ledger, meter } = costs
  const [ofSpans, ofPoints] = [spans.cpu_seconds_per_million, points.cpu_seconds_per_million]
  const rows: readonly (readonly [string, string, string])[] = [
    ['CPU s, collector', short(ofSpans.collector), short(ofPoints.collector)],
    ['CPU s, processors with inserts into the engine', short(ofSpans.processors), short(ofPoints.processors)],
    [
      'records inserted meanwhile, all streams',
      short(spans.records_per_million),
      short(points.records_per_million),
    ],
    ['CPU s, merging all rows once', short(ofSpans.merge), short(ofPoints.merge)],
    ['CPU s, broker', short(ofSpans.broker), short(ofPoints.broker)],
    [
      'MB on the wire (gzip)',
      `${short(spans.wire_bytes)} (${short(spans.wire_gzip_bytes)})`,
      short(points.wire_bytes),
    ],
    ['MB in the log', short(spans.log_bytes), short(points.log_bytes)],
    [
      'MB in tables, merged',
      `${short(spans.table_bytes)}, index of traces in it`,
      `metrics ${short(points.metric_table_bytes)}, readings ${short(points.reading_table_bytes)}`,
    ],
  ]
  return [
    '| of a million | spans | points that are readings |',
    '|---|---|---|',
    ...rows.map(cells => `| ${cells.join(' | ')} |`),
    '',
    '| | |',
    '|---|---|',
    `| a record, however small: CPU s until it is in its table | ${costs.record_cpu_seconds} |`,
    `| a ledger entry: bytes in the log; in its table, with sums by hour and day | ${short(ledger.log_bytes)}; ${short(ledger.table_bytes)} |`,
    `| meter alone: CPU s a million readings | ${short(meter.cpu_seconds_per_million)} |`,
    `| of a small record that shares an insert, besides: CPU s | ${costs.shared_record_cpu_seconds} |`,
    `| memory of the meter: bytes a series; a host besides | ${short(meter.memory_bytes_per_series)}; ${short(meter.memory_bytes_per_host)} |`,
    `| most memory of a process in this run: collector; processors with the engine | ${costs.memory_mb.collector} MB; ${costs.memory_mb.processors} MB |`,
    '',
  ].join('\n')
}
