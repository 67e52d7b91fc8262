/**
 * A host's state as the log keeps it beside the offset. Deterministic: the same state gives the same bytes, in whatever
 * order it came about. Bytes of another version are refused, never guessed at.
 */
import { WattlineError } from '../../core/runtime/errors.ts'
import { ByteReader, ByteWriter } from './bytes.ts'
import { type HostState, newHostState, type WorkloadWords } from './host-state.ts'
import { meterKey, seriesKey, workloadKey } from './keys.ts'
import { COUNTER_QUANTITIES, GAUGE_QUANTITIES, type Series, type SeriesIdentity } from './series.ts'

const VERSION = 1
const QUANTITIES = [...COUNTER_QUANTITIES, ...GAUGE_QUANTITIES]

export function encodeHostState(state: HostState): Uint8Array {
  const to = new ByteWriter()
  to.byte(VERSION)
  to.text(state.tenant)
  to.text(state.host)
  to.text(state.hostName)
  to.int(state.hostNameNano)
  to.int(state.recordNano)
  to.uint(state.lastRecordMs)
  to.uint(state.closedBefore === null ? 0 : state.closedBefore + 1)
  to.uint(state.series.size)
  for (const [, series] of byKey(state.series)) writeSeries(to, series, state.recordNano)
  to.uint(state.workloads.size)
  for (const [key, words] of byKey(state.workloads)) writeWords(to, key, words, state.recordNano)
  return to.finish()
}

/** @throws WattlineError `invariant_broken` for bytes that this version did not write. */
export function decodeHostState(bytes: Uint8Array): HostState {
  try {
    const from = new ByteReader(bytes)
    const version = from.byte()
    if (version !== VERSION) throw new RangeError(`version ${version}, this is ${VERSION}`)
    const state = newHostState(from.text(), from.text())
    state.hostName = from.text()
    state.hostNameNano = from.int()
    state.recordNano = from.int()
    state.lastRecordMs = from.uint()
    const closed = from.uint()
    state.closedBefore = closed === 0 ? null : closed - 1
    for (let left = from.uint(); left > 0; left--) {
      const series = readSeries(from, state.recordNano)
      const { workloadKind, workloadId } = series.identity
      state.series.set(seriesKey(meterKey(series.identity), workloadKey(workloadKind, workloadId)), series)
    }
    for (let left = from.uint(); left > 0; left--) {
      const [key, words] = readWords(from, state.recordNano)
      state.workloads.set(key, words)
    }
    if (!from.atEnd) throw new RangeError('bytes are left over')
    return state
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause)
    throw new WattlineError('invariant_broken', `Stored state of a host cannot be read: ${reason}.`, {
      cause,
    })
  }
}

const byKey = <T>(map: ReadonlyMap<string, T>): [string, T][] => [...map].sort(([a], [b]) => (a < b ? -1 : 1))

/** Times are written as distances from the host's record time: small numbers. */
function writeSeries(to: ByteWriter, series: Series, baseNano: bigint): void {
  const { identity, carry, times, values } = series
  to.byte(QUANTITIES.indexOf(identity.quantity))
  to.text(identity.domain)
  to.text(identity.device)
  to.text(identity.workloadKind)
  to.text(identity.workloadId)
  to.text(identity.bootId)
  to.text(identity.source)
  to.text(identity.quality)
  to.int(series.gapNs)
  to.int(series.rangeMax)
  to.int(series.settledNano - baseNano)
  to.byte(carry === null ? 0 : carry.interpolated ? 2 : 1)
  if (carry !== null) {
    to.int(carry.fromNano - baseNano)
    to.int(carry.amount)
  }
  to.uint(times.length)
  let time = baseNano
  let value = 0n
  for (let index = 0; index < times.length; index++) {
    to.int(times[index]! - time)
    to.int(values[index]! - value)
    time = times[index]!
    value = values[index]!
  }
}

function readSeries(from: ByteReader, baseNano: bigint): Series {
  const quantity = QUANTITIES[from.byte()]
  if (quantity === undefined) throw new RangeError('unknown quantity')
  const identity: SeriesIdentity = {
    quantity,
    domain: from.text(),
    device: from.text(),
    workloadKind: from.text(),
    workloadId: from.text(),
    bootId: from.text(),
    source: from.text(),
    quality: from.text(),
  }
  const [gapNs, rangeMax, settledNano] = [from.int(), from.int(), from.int() + baseNano]
  const carried = from.byte()
  const carry =
    carried === 0
      ? null
      : { fromNano: from.int() + baseNano, amount: from.int(), interpolated: carried === 2 }
  const [times, values]: [bigint[], bigint[]] = [[], []]
  let [time, value] = [baseNano, 0n]
  for (let left = from.uint(); left > 0; left--) {
    time += from.int()
    value += from.int()
    times.push(time)
    values.push(value)
  }
  return { identity, gapNs, rangeMax, times, values, settledNano, carry }
}

function writeWords(to: ByteWriter, key: string, words: WorkloadWords, baseNano: bigint): void {
  to.text(key)
  to.int(words.timeNano - baseNano)
  const entries = Object.entries(words.attributes)
  to.uint(entries.length)
  for (const [name, value] of entries) {
    to.text(name)
    to.text(value)
  }
}

function readWords(from: ByteReader, baseNano: bigint): [string, WorkloadWords] {
  const key = from.text()
  const timeNano = from.int() + baseNano
  const entries = Array.from({ length: from.uint() }, () => [from.text(), from.text()])
  return [key, { timeNano, attributes: Object.fromEntries(entries) as Record<string, string> }]
}
