/**
 * What a data point or a log record costs the collector between the body and the record, in one loop without network or log.
 *
 *   node test/bench/decode.ts                          all kinds of payload, 5 rounds
 *   node test/bench/decode.ts --only race --rounds 9
 *
 * Payloads: `race` (those of the race: gauges, sums, histograms, none of them a reading), `fleet` (a simulated fleet, all of
 * whose points are readings) and `logs`. Stages add up: `decode` into columns, `recognise` the readings and write them into
 * their columns, `finish` the records (Arrow, zstd). Rounds of the stages alternate; medians are printed.
 */

import { decodeLogs } from '../../collector/otlp/decode/logs.ts'
import { decodeMetrics } from '../../collector/otlp/decode/metrics.ts'
import { createBuilders, SIGNAL_BUILDERS } from '../../collector/otlp/signals.ts'
import { ReadingRows } from '../../collector/readings/reading-rows.ts'
import { createRecogniser } from '../../collector/readings/recogniser.ts'
import { createRecordBuilder } from '../../core/columns/record-builder.ts'
import { readings } from '../../core/model/streams/index.ts'
import { parseArgs } from '../support/arguments.ts'
import { payload } from './collector/payloads.ts'
import { fleetPayloads } from './fleet-payloads.ts'
import { logPayload } from './log-payloads.ts'

const { values } = parseArgs({
  options: { only: { type: 'string' }, stage: { type: 'string' }, rounds: { type: 'string', default: '5' } },
})

const PARTITIONS = 8
const ROWS = 32_768
const READING_ROWS = 4096
const DAY_NANO = 86_400_000_000_000n

type Stage = 'decode' | 'recognise' | 'finish'
const STAGES: readonly Stage[] = ['decode', 'recognise', 'finish']

const context = {
  tenant: 'default',
  nowUnixNano: BigInt(Date.now()) * 1_000_000n,
  limits: {
    attributes: 128,
    attributeBytes: 65_536,
    futureNano: DAY_NANO,
    pastNano: 30n * DAY_NANO,
    maxDepth: 32,
  },
}

interface Payload {
  readonly bytes: Uint8Array
  readonly items: number
}

const many = (make: (seed: number) => Uint8Array): Payload[] =>
  Array.from({ length: 64 }, (_, seed) => ({ bytes: make(seed), items: 1000 }))

const payloads = {
  race: () => many(seed => payload('metrics', 1000, seed, false).bytes),
  fleet: () => fleetPayloads(96, 30, 12).map(({ bytes, points }) => ({ bytes, items: points })),
  logs: () => many(seed => logPayload(1000, seed)),
}
type Kind = keyof typeof payloads

const recogniser = createRecogniser()
const builders = createBuilders()
const signalBuilders = [...SIGNAL_BUILDERS.metrics, ...SIGNAL_BUILDERS.logs].map(name => builders[name])
const lanes = Array.from({ length: PARTITIONS }, () => {
  const builder = createRecordBuilder(readings)
  return { builder, rows: new ReadingRows(builder) }
})
const noSink = { metric: () => false, point: () => false }

/** Passes one body through the stages up to `stage`. */
function pass(kind: Kind, body: Uint8Array, stage: Stage): void {
  if (kind === 'logs') decodeLogs(body, context, builders.logs)
  else if (stage === 'decode') decodeMetrics(body, context, builders, noSink)
  else {
    const points = recogniser.begin(context)
    decodeMetrics(body, context, builders, points)
    for (const [index, series] of points.series.entries()) {
      lanes[series.partitionKey % PARTITIONS]!.rows.append(series, points.parts, index)
    }
  }
  for (const builder of signalBuilders) if (builder.rows >= ROWS) end(builder, stage)
  for (const { builder } of lanes) if (builder.rows >= READING_ROWS) end(builder, stage)
}

function end(builder: { finish(): unknown; clear(): void }, stage: Stage): void {
  if (stage === 'finish') builder.finish()
  else builder.clear()
}

/** CPU nanoseconds for each item, all threads. */
function round(kind: Kind, list: readonly Payload[], stage: Stage): number {
  const before = process.cpuUsage()
  let items = 0
  for (const one of list) {
    pass(kind, one.bytes, stage)
    items += one.items
  }
  for (const builder of [...signalBuilders, ...lanes.map(lane => lane.builder)]) end(builder, stage)
  const { user, system } = process.cpuUsage(before)
  return ((user + system) * 1000) / items
}

const median = (numbers: readonly number[]): number =>
  numbers.toSorted((a, b) => a - b)[numbers.length >> 1] ?? 0

for (const kind of Object.keys(payloads) as Kind[]) {
  if (values.only !== undefined && values.only !== kind) continue
  const list = payloads[kind]()
  const stages = STAGES.filter(
    stage => (values.stage ?? stage) === stage && (kind !== 'logs' || stage !== 'recognise'),
  )
  const measured = new Map<Stage, number[]>(stages.map(stage => [stage, []]))
  for (const stage of stages) round(kind, list, stage)
  for (let index = 0; index < Number(values.rounds); index += 1) {
    for (const stage of stages) measured.get(stage)!.push(round(kind, list, stage))
  }
  for (const [stage, all] of measured) {
    const figure = `${kind.padEnd(6)} ${stage.padEnd(10)} ${Math.round(median(all))} ns an item`
    process.stdout.write(`${figure} (${Math.round(Math.min(...all))}-${Math.round(Math.max(...all))})\n`)
  }
}
