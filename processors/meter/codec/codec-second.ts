/** Reads state as the second version wrote it, in two halves: data folders and topics of then go on being read. */
import { crc32 } from 'node:zlib'
import { meterKey, seriesKey, workloadKey } from '../samples/keys.ts'
import { pushSample, STRIDE, splitNano } from '../samples/samples.ts'
import { newSeries, type Series } from '../samples/series.ts'
import { type HostState, newHostState } from '../state/host-state.ts'
import { ByteReader } from './bytes.ts'
import { type PendingInterval, restorePending } from './codec-pending.ts'

/** First byte of both halves of state of the second version. */
export const SECOND_VERSION = 2

const QUANTITIES = ['energy', 'cpu_time', 'power', 'memory', 'energy_active', 'energy_idle'] as const
/** Flags of a series. */
const INTEGRATED = 1
const PENDING = 2

/** Throws RangeError for what the second version did not write. Both halves are to be written again by the present one. */
export function decodeSecondVersion(names: Uint8Array, numbers: Uint8Array): HostState {
  const state = decodeNames(names)
  const from = new ByteReader(numbers)
  checkVersion(from.byte())
  if (from.uint() !== crc32(names)) throw new RangeError('its names are those of another state')
  state.recordNano = from.int()
  state.hostNameNano = from.int() + state.recordNano
  state.lastRecordMs = from.uint()
  const closed = from.uint()
  state.closedBefore = closed === 0 ? null : closed - 1
  for (const one of state.series.values()) readNumbers(from, one, state.recordNano)
  for (const one of state.workloads.values()) [one.minute, one.ns] = splitNano(state.recordNano + from.int())
  if (!from.atEnd) throw new RangeError('bytes are left over')
  return state
}

function decodeNames(names: Uint8Array): HostState {
  const from = new ByteReader(names)
  checkVersion(from.byte())
  const state = newHostState(from.text(), from.text())
  state.hostName = from.text()
  for (let left = from.uint(); left > 0; left--) {
    const series = readName(from)
    const { workloadKind, workloadId } = series.identity
    state.series.set(seriesKey(meterKey(series.identity), workloadKey(workloadKind, workloadId)), series)
  }
  for (let left = from.uint(); left > 0; left--) {
    const key = from.text()
    const entries = Array.from({ length: from.uint() }, () => [from.text(), from.text()])
    const attributes = Object.fromEntries(entries) as Record<string, string>
    state.workloads.set(key, { minute: 0, ns: 0, attributes })
  }
  if (!from.atEnd) throw new RangeError('bytes are left over')
  return state
}

function readName(from: ByteReader): Series {
  const quantity = QUANTITIES[from.byte()]
  if (quantity === undefined) throw new RangeError('unknown quantity')
  const [domain, device, workloadKind] = [from.text(), from.text(), from.text()]
  const [workloadId, bootId, source, quality] = [from.text(), from.text(), from.text(), from.text()]
  const identity = { quantity, domain, device, workloadKind, workloadId, bootId, source, quality }
  const series = newSeries(identity, Number(from.int()))
  series.rangeMax = from.int()
  return series
}

function readNumbers(from: ByteReader, series: Series, baseNano: bigint): void {
  const flags = from.byte()
  series.integrated = (flags & INTEGRATED) !== 0
  const [minute] = splitNano(baseNano)
  let pending: PendingInterval | null = null
  if ((flags & PENDING) !== 0) {
    const fromWindow = minute + Number(from.int())
    pending = { fromWindow, amount: from.int() }
  }
  let [time, value, beat] = [baseNano, 0n, 0n]
  const count = from.uint()
  for (let index = 0; index < count; index++) {
    const before = time
    time += from.int() + beat
    value += from.int()
    pushSample(series.samples, time, value)
    beat = index === 0 || isFar(series.samples) ? 0n : time - before
  }
  if (pending !== null) restorePending(series, pending)
}

/** Beyond this distance between two samples, differences of distances were not stored. */
const FAR_MINUTES = 20_000

const isFar = (samples: readonly number[]): boolean =>
  samples[samples.length - STRIDE]! - samples[samples.length - 2 * STRIDE]! >= FAR_MINUTES

function checkVersion(version: number): void {
  if (version !== SECOND_VERSION) throw new RangeError(`version ${version}, this is ${SECOND_VERSION}`)
}
