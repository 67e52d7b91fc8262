/**
 * What catching up costs: a log with a day of a node's readings, one record every five seconds, and of thin spans, one record
 * a second, is forwarded over loopback to a receiver with its own log, until processor `admit` has put all of it into its
 * streams. `node test/bench/forward.ts [hours] [round-trip ms]`.
 */
import { setTimeout as sleep } from 'node:timers/promises'
import { createRecordBuilder } from '../../core/columns/record-builder.ts'
import { decodeRows } from '../../core/columns/rows.ts'
import { traces } from '../../core/model/streams/index.ts'
import type { HttpClient } from '../../processors/forward/http-client.ts'
import { createForward } from '../../processors/forward/processor.ts'
import { createWattlineExporter } from '../../processors/forward/wattline-exporter.ts'
import { RecordedEvents } from '../collector/intake/fakes.ts'
import { admitInto, caughtUp, httpTo, openLog, run, startReceiver } from '../processors/forward/rig.ts'
import { readingRecords, readingRow } from '../processors/forward/rows.ts'
import { spanRecord } from '../support/span-records.ts'

const [hours, roundTripMs] = [Number(process.argv[2] ?? 24), Number(process.argv[3] ?? 0)]
/** Series that the sensors of a node with 60 workloads read. */
const SERIES = 70

const sender = await openLog(2)
const receiver = await openLog(2)
const nowMs = Date.now()

const rounds = Array.from({ length: hours * 720 }, (_, round) =>
  Array.from({ length: SERIES }, (_, series) =>
    readingRow('node', BigInt(round * 1000 + series), {
      Timestamp: BigInt(nowMs - (hours * 720 - round) * 5_000) * 1_000_000n,
      Quantity: series < 4 ? 'energy' : 'cpu_time',
      Domain: series < 4 ? `package-${series}` : '',
      WorkloadKind: series < 4 ? '' : 'container',
      WorkloadId: series < 4 ? '' : `container-${series}`,
      Attributes:
        series < 4 ? {} : { 'workload.name': `name-${series}`, 'k8s.namespace.name': `ns-${series % 7}` },
    }),
  ),
)
/** Records of five current spans each, all different, used in turn. */
const builder = createRecordBuilder(traces)
const spans = Array.from({ length: 500 }, (_, seed) => {
  for (const row of decodeRows(traces, spanRecord(5, seed))) {
    for (const [name, column] of Object.entries(builder.columns)) {
      const value = name === 'Timestamp' ? BigInt(nowMs) * 1_000_000n : row[name as keyof typeof row]
      ;(column as { append(value: unknown): void }).append(value)
    }
    builder.endRow()
  }
  return builder.finish()
})

const readingValues = readingRecords(rounds)
for (let at = 0; at < readingValues.length; at += 500) {
  const records = readingValues.slice(at, at + 500).map(value => ({ value, timestampMs: nowMs }))
  await sender.broker.append('readings', 0, records)
}
for (let at = 0; at < hours * 3600; at += spans.length) {
  const records = spans.slice(0, hours * 3600 - at).map(value => ({ value, timestampMs: nowMs }))
  await sender.broker.append('traces', (at / spans.length) % 2, records)
}
const bytesOf = (values: readonly Uint8Array[]): number =>
  values.reduce((sum, value) => sum + value.length, 0)
const stored = { readings: bytesOf(readingValues), traces: (bytesOf(spans) / spans.length) * hours * 3600 }

const door = await startReceiver(receiver.broker)
const http = httpTo(door.url)
const slow: HttpClient = {
  post: async (...request) => {
    await sleep(roundTripMs)
    return http.post(...request)
  },
  close: () => http.close(),
}
const events = new RecordedEvents()
const before = process.cpuUsage()
const start = performance.now()
const running = [
  await run(receiver.broker, admitInto(receiver.broker)),
  await run(
    sender.broker,
    createForward({ exporter: createWattlineExporter({ http: slow, events, now: Date.now }), events }),
  ),
]
const sent = async (): Promise<boolean> =>
  (await caughtUp(sender.broker, 'forward', ['readings', 'traces'])) &&
  (await caughtUp(receiver.broker, 'admit', ['forwarded']))
while (!(await sent())) await sleep(20)
const seconds = (performance.now() - start) / 1000
const cpu = process.cpuUsage(before)
const [recordsIn] = [readingValues.length + hours * 3600]
const out = await Promise.all(['readings', 'traces'].map(stream => receiver.broker.lag('nobody', stream)))
const recordsOut = out.flat().reduce((sum, { end }) => sum + Number(end), 0)
const cpuSeconds = (cpu.user + cpu.system) / 1e6
process.stdout.write(
  `${JSON.stringify({
    hours,
    round_trip_ms: roundTripMs,
    seconds: Number(seconds.toFixed(1)),
    times_real_time: Math.round((hours * 3600) / seconds),
    cpu_seconds_both_sides: Number(cpuSeconds.toFixed(1)),
    records: recordsIn,
    records_at_receiver: recordsOut,
    requests: events.all.filter(({ name }) => name === 'bytesForwarded').length,
    log_megabytes: Object.fromEntries(
      Object.entries(stored).map(([name, n]) => [name, Number((n / 1e6).toFixed(1))]),
    ),
    wire_megabytes: Object.fromEntries(
      Object.keys(stored).map(stream => [
        stream,
        Number((events.sum('bytesForwarded', { stream }) / 1e6).toFixed(1)),
      ]),
    ),
    rss_megabytes: Math.round(process.memoryUsage().rss / 1e6),
  })}\n`,
)
await Promise.all(running.map(runner => runner.stop()))
await door.stop()
await sender.destroy()
await receiver.destroy()
