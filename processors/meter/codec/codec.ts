/**
 * A host's state as the log keeps it beside the offset, in two halves: names (who is measured, by what, with which labels),
 * written again only when they change, and numbers (samples and times), written with every record. Deterministic: the same
 * records give the same bytes, wherever a process began to read them. Bytes of an unknown version are refused, never guessed at.
 */
import { crc32 } from 'node:zlib'
import { UNKNOWN_BAND } from '../../../core/books/error-bands.ts'
import { WattlineError } from '../../../core/catalogue/errors/errors.ts'
import { meterKey, seriesKey, workloadKey } from '../samples/keys.ts'
import { countOf, nanoOf, splitNano } from '../samples/samples.ts'
import {
  ACTIVITY_QUANTITIES,
  COUNTER_QUANTITIES,
  GAUGE_QUANTITIES,
  GPU_QUANTITIES,
  newSeries,
  REQUEST_QUANTITIES,
  type Series,
} from '../samples/series.ts'
import {
  type Derived,
  type EncodedSeries,
  type HostState,
  newHostState,
  type WorkloadLabels,
} from '../state/host-state.ts'
import { seriesInOrder } from '../state/order.ts'
import { Settling } from '../state/settle.ts'
import { markRivals } from '../windows/epochs.ts'
import { ByteReader, ByteWriter } from './bytes.ts'
import { decodeFirstVersion, FIRST_VERSION } from './codec-first.ts'
import { decodeSecondVersion, SECOND_VERSION } from './codec-second.ts'
import { readNumbers, writeNumbers, writeSpan } from './series-numbers.ts'

const VERSION = 6
/** Before it there was no idle power of GPUs. */
const GPU_VERSION = 6
/** Before it there was no journal: all samples stood with their series. */
const JOURNAL_VERSION = 5
/** Before it series had no error band. */
const BAND_VERSION = 4
const OLDEST_VERSION = 3
/** By their numbers in the bytes: new ones come last. */
const QUANTITIES = [
  ...COUNTER_QUANTITIES,
  ...GAUGE_QUANTITIES,
  ...ACTIVITY_QUANTITIES,
  ...REQUEST_QUANTITIES,
  ...GPU_QUANTITIES,
]

interface StoredHost {
  readonly names: Uint8Array
  readonly numbers: Uint8Array
}

/** Shared by all hosts: the bytes are copied out before the next host writes. */
const numbersWriter = new ByteWriter()
const seriesWriter = new ByteWriter()

/** Both halves of a host's state. The same state always gives the same bytes. */
export const encodeHostState = (state: HostState): StoredHost => ({
  names: derivedOf(state).names,
  numbers: encodeNumbers(state),
})

/** What follows from which series and labels there are; computed once after a change. */
export function derivedOf(state: HostState): Derived {
  if (state.derived === null) {
    const labels = byKey(state.workloads)
    const series = seriesInOrder(state)
    const names = encodeNames(state, series, labels)
    markRivals(state)
    state.derived = {
      series,
      labels: labels.map(([, one]) => one),
      names,
      namesCrc: crc32(names),
    }
  }
  return state.derived
}

/**
 * The half that changes with every record; it carries a checksum of the names that belong to it. Most records change the journal
 * alone: the series are as they were encoded last.
 */
export function encodeNumbers(state: HostState): Uint8Array {
  const { series, labels, namesCrc } = derivedOf(state)
  const to = numbersWriter
  to.byte(VERSION)
  to.uint(namesCrc)
  to.int(state.recordNano)
  to.int(state.hostNameNano - state.recordNano)
  to.uint(state.lastRecordMs)
  to.uint(state.arrivedMs)
  to.uint(state.clockMs)
  to.uint(state.closedBefore === null ? 0 : state.closedBefore + 1)
  const [minute, ns] = splitNano(state.recordNano)
  for (const one of labels) writeSpan(to, one.minute - minute, one.ns - ns, 0)
  state.encoded ??= encodeSeries(series)
  to.block(state.encoded.bytes)
  to.block(state.journal.bytes)
  return to.finish()
}

function encodeSeries(series: readonly Series[]): EncodedSeries {
  const to = seriesWriter
  const minute = series.find(({ samples }) => samples.length > 0)?.samples[0] ?? 0
  let [clockMs, samples] = [0, 0]
  for (const one of series) {
    if (one.heardMs > clockMs) clockMs = one.heardMs
    samples += countOf(one.samples) + countOf(one.ahead)
  }
  to.signed(minute)
  to.uint(clockMs)
  for (const one of series) writeNumbers(to, one, { clockMs, minute, ns: 0 })
  return { bytes: to.finish(), samples }
}

/** @throws WattlineError `invariant_broken` for bytes that no version up to this one wrote, or of two different states. */
export function decodeHostState({
  names,
  numbers,
}: {
  names: Uint8Array | undefined
  numbers: Uint8Array
}): HostState {
  try {
    if (numbers[0] === FIRST_VERSION) return decodeFirstVersion(numbers)
    if (names === undefined) throw new RangeError('its names are missing')
    if (numbers[0] === SECOND_VERSION && names[0] === SECOND_VERSION)
      return decodeSecondVersion(names, numbers)
    return decodeHalves(names, numbers)
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause)
    throw new WattlineError('invariant_broken', `Stored state of a host cannot be read: ${reason}.`, {
      cause,
    })
  }
}

function decodeHalves(names: Uint8Array, numbers: Uint8Array): HostState {
  const state = decodeNames(names)
  const from = new ByteReader(numbers)
  const version = checkedVersion(from.byte())
  const namesCrc = crc32(names)
  if (from.uint() !== namesCrc) throw new RangeError('its names are those of another state')
  state.recordNano = from.int()
  state.hostNameNano = from.int() + state.recordNano
  state.lastRecordMs = from.uint()
  state.arrivedMs = from.uint()
  state.clockMs = from.uint()
  const closed = from.uint()
  state.closedBefore = closed === 0 ? null : closed - 1
  const series = seriesInOrder(state)
  const labels = [...state.workloads.values()]
  if (version < JOURNAL_VERSION) for (const one of series) readNumbers(from, one, state)
  for (const one of labels) [one.minute, one.ns] = splitNano(state.recordNano + from.int())
  if (version >= JOURNAL_VERSION) {
    state.encoded = decodeSeries(from.block(), series)
    state.journal.load(from.block(), new Settling(series))
  }
  if (!from.atEnd) throw new RangeError('bytes are left over')
  state.hasAhead = series.some(({ ahead }) => ahead.length > 0)
  markRivals(state)
  state.derived = { series, labels, names, namesCrc }
  return state
}

function decodeSeries(bytes: Uint8Array, series: readonly Series[]): EncodedSeries {
  const from = new ByteReader(bytes)
  const recordNano = nanoOf(Number(from.int()), 0)
  const clockMs = from.uint()
  let samples = 0
  for (const one of series) {
    readNumbers(from, one, { recordNano, clockMs })
    samples += countOf(one.samples) + countOf(one.ahead)
  }
  if (!from.atEnd) throw new RangeError('bytes are left over')
  return { bytes: bytes.slice(), samples }
}

const byKey = <T>(map: ReadonlyMap<string, T>): [string, T][] => [...map].sort(([a], [b]) => (a < b ? -1 : 1))

function encodeNames(
  state: HostState,
  series: readonly Series[],
  workloads: readonly (readonly [string, WorkloadLabels])[],
): Uint8Array {
  const to = new ByteWriter()
  to.byte(VERSION)
  to.text(state.tenant)
  to.text(state.host)
  to.text(state.hostName)
  to.uint(series.length)
  for (const { identity, gapNs, rangeMax, maxPowerMw, errorPpm } of series) {
    to.byte(QUANTITIES.indexOf(identity.quantity))
    to.text(identity.domain)
    to.text(identity.device)
    to.text(identity.workloadKind)
    to.text(identity.workloadId)
    to.text(identity.bootId)
    to.text(identity.source)
    to.text(identity.quality)
    to.int(BigInt(gapNs))
    to.int(rangeMax)
    to.int(maxPowerMw)
    to.uint(errorPpm - UNKNOWN_BAND)
  }
  to.uint(workloads.length)
  for (const [key, { attributes }] of workloads) {
    to.text(key)
    const entries = Object.entries(attributes)
    to.uint(entries.length)
    for (const [name, value] of entries) {
      to.text(name)
      to.text(value)
    }
  }
  const idle = byKey(state.gpuIdle)
  to.uint(idle.length)
  for (const [domain, milliwatts] of idle) {
    to.text(domain)
    to.int(milliwatts)
  }
  return to.finish()
}

function decodeNames(names: Uint8Array): HostState {
  const from = new ByteReader(names)
  const version = checkedVersion(from.byte())
  const state = newHostState(from.text(), from.text())
  state.hostName = from.text()
  for (let left = from.uint(); left > 0; left--) {
    const series = readName(from, version)
    const { workloadKind, workloadId } = series.identity
    state.series.set(seriesKey(meterKey(series.identity), workloadKey(workloadKind, workloadId)), series)
  }
  for (let left = from.uint(); left > 0; left--) {
    const key = from.text()
    const entries = Array.from({ length: from.uint() }, () => [from.text(), from.text()])
    const attributes = Object.fromEntries(entries) as Record<string, string>
    state.workloads.set(key, { minute: 0, ns: 0, attributes })
  }
  if (version >= GPU_VERSION) {
    for (let left = from.uint(); left > 0; left--) state.gpuIdle.set(from.text(), from.int())
  }
  if (!from.atEnd) throw new RangeError('bytes are left over')
  return state
}

function readName(from: ByteReader, version: number): Series {
  const quantity = QUANTITIES[from.byte()]
  if (quantity === undefined) throw new RangeError('unknown quantity')
  const [domain, device, workloadKind] = [from.text(), from.text(), from.text()]
  const [workloadId, bootId, source, quality] = [from.text(), from.text(), from.text(), from.text()]
  const identity = { quantity, domain, device, workloadKind, workloadId, bootId, source, quality }
  const [gapNs, rangeMax, maxPowerMw] = [Number(from.int()), from.int(), from.int()]
  const series = newSeries(identity, gapNs, maxPowerMw)
  series.rangeMax = rangeMax
  if (version >= BAND_VERSION) series.errorPpm = from.uint() + UNKNOWN_BAND
  return series
}

function checkedVersion(version: number): number {
  if (version < OLDEST_VERSION || version > VERSION)
    throw new RangeError(`version ${version}, this is ${VERSION}`)
  return version
}
