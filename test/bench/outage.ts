/**
 * A warehouse that is away for an hour at a load of 2,000 spans a second, and comes back.
 *
 *   node test/bench/outage.ts [--log embedded|kafka] [--seconds 3600] [--rate 2000] [--quiet 30]
 *
 * What an hour brings is sent as fast as it is acknowledged, one record for each second of it, while the warehouse (a
 * ClickHouse front over the embedded engine, in a process of its own) refuses connections; only the waiting is cut short.
 * Then it comes back, and arrivals go on at the rate. Printed: memory by phase, how fast the backlog is worked off, and
 * whether every acknowledged span is there once, and each partition in order. Ends with 1 when something is not as it must be.
 */
import { parseArgs } from '../support/arguments.ts'
import { type Memory, runOutage } from '../support/outage.ts'

const { values } = parseArgs({
  options: {
    log: { type: 'string', default: 'embedded' },
    seconds: { type: 'string', default: '3600' },
    rate: { type: 'string', default: '2000' },
    quiet: { type: 'string', default: '30' },
  },
})
// When killed from outside, it also ends what it has started.
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => process.exit(130))
const rate = Number(values.rate)
const say = (line: string): void => void process.stdout.write(`${line}\n`)
const report = await runOutage({
  log: values.log === 'kafka' ? 'kafka' : 'embedded',
  spans: Number(values.seconds) * rate,
  spansPerSecond: rate,
  quietSeconds: Number(values.quiet),
  say,
})

const phases: readonly Memory['phase'][] = ['before', 'filling', 'down', 'catching up', 'after']
for (const phase of phases) {
  const found = report.memory.filter(sample => sample.phase === phase)
  const span = (numbers: readonly number[]): string =>
    `${numbers[0]} at first, ${Math.max(...numbers)} at most, ${numbers.at(-1)} at last`
  say(
    `memory ${phase}: anonymous ${span(found.map(({ anonymous }) => anonymous))} MB; ` +
      `file pages ${span(found.map(({ file }) => file))} MB`,
  )
}
const ratio = report.storedPerSecond / rate
say(
  `caught up in ${report.catchUpSeconds.toFixed(0)} s: ${report.storedPerSecond.toFixed(0)} spans/s stored = ${ratio.toFixed(1)} x the rate of arrivals`,
)
say(`${report.cpuSecondsPerMillion.toFixed(2)} CPU s of this process per million, ${report.inserts} inserts`)
say(
  `${report.acknowledged} acknowledged, ${report.rows} rows, ${report.distinct} distinct, ids ${report.lowest} to ${report.highest}`,
)
say(`out of order: ${report.outOfOrder.length === 0 ? 'none' : report.outOfOrder.slice(0, 5).join('; ')}`)
const isWhole =
  report.rows === report.acknowledged &&
  report.distinct === report.acknowledged &&
  report.lowest === 1 &&
  report.highest === report.acknowledged &&
  report.outOfOrder.length === 0
if (!isWhole || ratio < 5) process.exitCode = 1
