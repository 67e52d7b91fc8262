import type { Progress, Simulation } from '../simulate/run.ts'
import type { BooksVerdict } from '../simulate/verify.ts'
import { renderTable } from './table.ts'
import { energyUnit, fixedDecimals, scaledAmount } from './units.ts'

/** The report as JSON. */
export function asJson({ report }: Simulation, verdict: BooksVerdict | null): string {
  const plain = (_key: string, value: unknown): unknown =>
    typeof value === 'bigint' ? value.toString() : value
  return `${JSON.stringify({ ...report, verdict }, plain, 2)}\n`
}

/** The report for people. */
export function asText({ report }: Simulation, verdict: BooksVerdict | null): string {
  const count = (value: number): string => value.toLocaleString('en')
  const wall = fixedDecimals(report.seconds, 1)
  const lines = [
    `Fleet ${report.run} (seed ${report.seed}): ${count(report.hosts)} hosts, ${count(report.workloads)} containers each, ${report.from} to ${report.to}.`,
    `Acknowledged: ${count(report.points_acknowledged)} points and ${count(report.spans_acknowledged)} spans in ${count(report.requests)} requests, ${wall} s, ${count(report.items_per_second)} a second.`,
    `Generating and sending them took ${fixedDecimals(report.generator_cpu_seconds, 1)} CPU s.`,
    `Retries: ${count(report.retries)}; sent twice on purpose: ${count(report.requests_sent_twice)}; bytes of request bodies: ${count(report.body_bytes)}.`,
  ]
  if (report.rejected > 0) lines.push(`REJECTED: ${count(report.rejected)} items. ${report.rejected_why}`)
  if (verdict !== null) lines.push(...verdictLines(verdict))
  return `${lines.join('\n')}\n`
}

const MOST_DIFFERENCES = 20

function verdictLines(verdict: BooksVerdict): readonly string[] {
  const metered = verdict.meteredUj.toString()
  const unit = energyUnit(metered)
  const amount = `${scaledAmount(metered, { ...unit, decimals: 3 })} ${unit.unit}`
  const spans =
    verdict.spansAcknowledged === 0
      ? []
      : [`Spans: ${verdict.spansAcknowledged} acknowledged, ${verdict.spansStored} stored.`]
  if (verdict.differences.length === 0) {
    const late = verdict.lateUj === 0n ? '' : `, of which ${verdict.lateUj} µJ are late`
    return [
      ...spans,
      `The books match the meters on each of ${verdict.hosts} hosts: ${verdict.meteredUj} µJ (${amount})${late}.`,
    ]
  }
  const rows = verdict.differences
    .slice(0, MOST_DIFFERENCES)
    .map(({ host, meteredUj, ledgerUj, lateUj, unmarked }) => [
      host,
      String(meteredUj),
      String(ledgerUj),
      String(lateUj),
      String(ledgerUj + lateUj - meteredUj),
      String(unmarked),
    ])
  return [
    ...spans,
    `THE BOOKS ARE WRONG on ${verdict.differences.length} of ${verdict.hosts} hosts:`,
    renderTable(
      ['host', 'metered µJ', 'ledger µJ', 'late µJ', 'difference µJ', 'unmarked entries'],
      rows,
    ).trimEnd(),
  ]
}

/** One line that is overwritten on a terminal; elsewhere one line every ten seconds. */
export function simulationProgressLine(output: NodeJS.WriteStream): {
  readonly show: (progress: Progress) => void
  readonly end: () => void
} {
  const isTerminal = output.isTTY === true
  const everySeconds = isTerminal ? 0.2 : 10
  let last = 0
  return {
    show: progress => {
      if (progress.seconds - last < everySeconds) return
      last = progress.seconds
      const rate = Math.round((progress.points + progress.spans) / progress.seconds)
      const text = `${fixedDecimals(progress.share * 100, 1)} %, ${progress.points} points, ${progress.spans} spans, ${rate} a second`
      output.write(isTerminal ? `\r\u001b[2K${text}` : `${text}\n`)
    },
    end: () => {
      if (isTerminal && last > 0) output.write('\r\u001b[2K')
    },
  }
}
