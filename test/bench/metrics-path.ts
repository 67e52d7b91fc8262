/**
 * What a data point costs the collector between the body and the record, in one loop without network or log.
 *
 *   node test/bench/metrics-path.ts                          both kinds of payload, 5 rounds
 *   node test/bench/metrics-path.ts --only race --rounds 9
 *
 * Payloads: `race` (those of the race: gauges, sums, histograms, none of them a reading) and `fleet` (a simulated fleet, all
 * of whose points are readings). Stages add up: `decode` into columns, `recognise` the readings and write them into their
 * columns, `finish` the records (Arrow, zstd). Rounds of the stages alternate; medians are printed.
 */
import { parseArgs } from 'node:util'
import { createBuilders, SIGNAL_BUILDERS } from '../../collector/intake/signals.ts'
import { decodeMetrics } from '../../collector/otlp/decode/metrics.ts'
import { ReadingRows } from '../../collector/readings/reading-rows.ts'
import { createRecogniser } from '../../collector/readings/recogniser.ts'
import { createRecordBuilder } from '../../core/columns/record-builder.ts'
import { readings } from '../../core/model/streams/index.ts'
import { payload } from './collector/payloads.ts'
import { fleetPayloads } from './fleet-payloads.ts'

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

const payloads = {
  race: () =>
    Array.from({ length: 64 }, (_, seed) => ({
      bytes: payload('metrics', 1000, seed, false).bytes,
      points: 1000,
    })),
  fleet: () => fleetPayloads(96, 30, 12),
}

const recogniser = createRecogniser()
const builders = createBuilders()
const metricBuilders = SIGNAL_BUILDERS.metrics.map(name => builders[name])
const lanes = Array.from({ length: PARTITIONS }, () => {
  const builder = createRecordBuilder(readings)
  return { builder, rows: new ReadingRows(builder) }
})
const noSink = { metric: () => false, point: () => {} }

/** Passes one body through the stages up to `stage`. */
function pass(body: Uint8Array, stage: Stage): void {
  if (stage === 'decode') decodeMetrics(body, context, builders, noSink)
  else {
    const points = recogniser.begin(context)
    decodeMetrics(body, context, builders, points)
    for (const [index, series] of points.series.entries()) {
      lanes[series.partitionKey % PARTITIONS]!.rows.append(series, points.words, index)
    }
  }
  for (const builder of metricBuilders) if (builder.rows >= ROWS) end(builder, stage)
  for (const { builder } of lanes) if (builder.rows >= READING_ROWS) end(builder, stage)
}

function end(builder: { finish(): unknown; clear(): void }, stage: Stage): void {
  if (stage === 'finish') builder.finish()
  else builder.clear()
}

/** CPU nanoseconds a point, all threads. */
function round(
  list: readonly { readonly bytes: Uint8Array; readonly points: number }[],
  stage: Stage,
): number {
  const before = process.cpuUsage()
  let points = 0
  for (const one of list) {
    pass(one.bytes, stage)
    points += one.points
  }
  for (const builder of [...metricBuilders, ...lanes.map(lane => lane.builder)]) end(builder, stage)
  const { user, system } = process.cpuUsage(before)
  return ((user + system) * 1000) / points
}

const median = (numbers: readonly number[]): number =>
  numbers.toSorted((a, b) => a - b)[numbers.length >> 1] ?? 0

for (const [name, make] of Object.entries(payloads)) {
  if (values.only !== undefined && values.only !== name) continue
  const list = make()
  const stages = STAGES.filter(stage => values.stage === undefined || values.stage === stage)
  const measured = new Map<Stage, number[]>(stages.map(stage => [stage, []]))
  for (const stage of stages) round(list, stage)
  for (let index = 0; index < Number(values.rounds); index += 1) {
    for (const stage of stages) measured.get(stage)!.push(round(list, stage))
  }
  for (const [stage, all] of measured) {
    const text = `${name.padEnd(6)} ${stage.padEnd(10)} ${Math.round(median(all))} ns a point`
    process.stdout.write(`${text} (${Math.round(Math.min(...all))}-${Math.round(Math.max(...all))})\n`)
  }
}
