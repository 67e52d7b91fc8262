/**
 * From metrics as sent to rows of the books, through recogniser and meter together: an exporter is read correctly only
 * if its joules are right.
 */

import { createRecogniser } from '../../collector/readings/recogniser.ts'
import type { LabelMap } from '../../core/model/label-text.ts'
import type { EnergyRow } from '../../core/model/streams/ledger.ts'
import { CONTEXT } from '../collector/otlp/decode/support.ts'
import { recognisedIn, requestOf, type SentMetric } from '../collector/readings/recognising.ts'
import { at, drive, NOON_SECONDS } from '../processors/meter/support.ts'

/** Seconds after noon and value. */
export type Samples = readonly (readonly [seconds: number, value: number | bigint])[]

export interface Sent {
  readonly name: string
  readonly unit?: string
  readonly resource?: LabelMap
  readonly labels?: LabelMap
  readonly kind?: 'gauge' | 'sum'
  /** Start of a counter, seconds after noon; absent: unknown. */
  readonly start?: number
  readonly samples: Samples
}

const ANY_TIME = { ...CONTEXT, limits: { ...CONTEXT.limits, futureNano: 1n << 62n } }

/** A series of an exporter: its name is among the labels, and it has no type. */
export const exported = (labels: LabelMap & { readonly __name__: string }, samples: Samples): Sent => {
  const { __name__: name, ...rest } = labels
  return { name, labels: rest, kind: 'gauge', samples }
}

/** Samples of a counter every `step` seconds from 0 to 90, and one at 150: as a scrape has them. */
export const counting = (from: number, perSecond: number, step = 15): Samples =>
  [...Array.from({ length: 90 / step + 1 }, (_, index) => index * step), 150].map(
    seconds => [seconds, from + perSecond * seconds] as const,
  )

export const steady = (value: number): Samples => counting(value, 0)

function metricOf({
  name,
  unit = '',
  resource = {},
  labels = {},
  kind = 'sum',
  start,
  samples,
}: Sent): SentMetric {
  return {
    name,
    unit,
    kind,
    temporality: kind === 'sum' ? 2 : 0,
    monotonic: kind === 'sum',
    resource,
    points: samples.map(([seconds, value]) => ({
      timeUnixNano: at(seconds),
      startTimeUnixNano: start === undefined ? 0n : at(start),
      value,
      attributes: labels,
    })),
  }
}

export interface Booked {
  /** Rows of the minute that starts at noon. */
  readonly rows: readonly EnergyRow[]
  /** Energy of that minute, in J, by component. */
  readonly joules: Readonly<Record<string, number>>
  readonly total: number
  readonly ignored: Readonly<Record<string, number>>
}

/** Books the given inputs, one request each, in this order. */
export function book(sent: readonly Sent[]): Booked {
  const recogniser = createRecogniser()
  const { meter, states, energy, record } = drive()
  const ignored: Record<string, number> = {}
  const readings = sent.flatMap(series => {
    const found = recognisedIn(requestOf([metricOf(series)]), ANY_TIME, recogniser)
    for (const [reason, amount] of found.ignored) ignored[reason] = (ignored[reason] ?? 0) + amount
    return found.readings
  })
  if (readings.length > 0) record(readings)
  for (const { tenant, host } of [...states.values()]) {
    energy.push(...meter.flush(states, { tenant, host, untilUnixNano: at(600).toString() }).energy)
  }
  const rows = energy.filter(row => row.WindowStart === NOON_SECONDS)
  const joules: Record<string, number> = {}
  for (const row of rows) joules[row.Component] = (joules[row.Component] ?? 0) + Number(row.EnergyUj) / 1e6
  const total = Object.values(joules).reduce((sum, value) => sum + value, 0)
  return { rows, joules, total, ignored }
}

/** Every order in which a few series may arrive. */
export const orders = <T>(items: readonly T[]): T[][] =>
  items.length < 2
    ? [[...items]]
    : items.flatMap((item, index) => orders(items.toSpliced(index, 1)).map(rest => [item, ...rest]))
