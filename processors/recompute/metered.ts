/**
 * Meters the minutes of a span from its samples, as the meter would have done had each come in time: samples are ingested minute
 * by minute, and a minute closes once every series has gone beyond it.
 */
import { createRecordBuilder, type RecordBuilder } from '../../core/columns/record-builder.ts'
import { readRecord } from '../../core/columns/record-reader.ts'
import { readings } from '../../core/model/streams/index.ts'
import type { EnergyRow } from '../../core/model/streams/ledger.ts'
import { WINDOW_SECONDS } from '../../core/model/window.ts'
import type { AsBooked, Meter } from '../meter/meter.ts'
import { hostKey } from '../meter/samples/keys.ts'
import { type HostStates, newHostState } from '../meter/state/host-state.ts'
import type { Sample, SeriesSamples } from './readings.ts'
import type { HostSpan } from './span.ts'

/** What a step needs to be judged by, beyond the end of the minute that closes. */
const BEYOND = 3

/**
 * Rows of the span's minutes, in order.
 * @param asBooked how a minute is booked; undefined: it is not
 */
export function meterSpan(
  meter: Meter,
  span: HostSpan,
  series: readonly SeriesSamples[],
  asBooked: (windowStart: number) => AsBooked | undefined = () => undefined,
): EnergyRow[] {
  const states: HostStates = new Map()
  const state = newHostState(span.tenant, span.host)
  // What was before is booked already: of intervals that begin there, only the parts in the span count.
  state.closedBefore = span.from / WINDOW_SECONDS
  states.set(hostKey(span.tenant, span.host), state)
  const builder = createRecordBuilder(readings)
  const places = series.map(() => 0)
  const rows: EnergyRow[] = []
  for (let end = span.from + WINDOW_SECONDS; end <= span.to; end += WINDOW_SECONDS) {
    const endNs = (end - span.from) * 1e9
    for (const [index, one] of series.entries()) {
      const from = places[index] ?? 0
      const until = beyond(one, from, endNs)
      for (const sample of one.samples.slice(from, until)) append(builder, span, one, sample)
      places[index] = until
    }
    if (builder.rows > 0) {
      const record = readRecord(readings, builder.finish())
      meter.apply(states, record, { timestampMs: 0, capacityOf: () => 'all', staysOpen: () => true })
    }
    const untilUnixNano = `${BigInt(end) * 1_000_000_000n}`
    const minute = {
      tenant: span.tenant,
      host: span.host,
      untilUnixNano,
      asBooked: asBooked(end - WINDOW_SECONDS),
    }
    rows.push(...meter.flush(states, minute).energy)
  }
  return rows
}

/** Up to which of its samples a series is needed for the minutes before an instant. */
function beyond({ samples }: SeriesSamples, from: number, endNs: number): number {
  let at = from
  while (at < samples.length && (samples[at - BEYOND]?.ns ?? Number.NEGATIVE_INFINITY) < endNs) at += 1
  return at
}

function append(
  builder: RecordBuilder<typeof readings>,
  { tenant, host, from }: HostSpan,
  { key }: SeriesSamples,
  { ns, value, facts }: Sample,
): void {
  const { columns } = builder
  columns.Tenant.append(tenant)
  columns.Host.append(host)
  columns.HostName.append(facts.HostName)
  columns.BootId.append(key.BootId)
  columns.Timestamp.append(BigInt(from) * 1_000_000_000n + BigInt(ns))
  columns.Quantity.append(key.Quantity)
  columns.Domain.append(key.Domain)
  columns.Device.append(key.Device)
  columns.WorkloadKind.append(key.WorkloadKind)
  columns.WorkloadId.append(key.WorkloadId)
  columns.Value.append(value)
  columns.RangeMax.append(facts.RangeMax)
  columns.Source.append(key.Source)
  columns.Quality.append(key.Quality)
  columns.Attributes.append(facts.Attributes)
  builder.endRow()
}
