/** Reads state as the first version wrote it, all in one: data folders and topics of then go on being read. */

import { meterKey, seriesKey, workloadKey } from '../samples/keys.ts'
import { pushSample, splitNano } from '../samples/samples.ts'
import { newSeries, type Series } from '../samples/series.ts'
import { type HostState, newHostState, type WorkloadLabels } from '../state/host-state.ts'
import { ByteReader } from './bytes.ts'
import { type PendingInterval, restorePending } from './codec-pending.ts'

/** First byte of state of the first version. */
export const FIRST_VERSION = 1
const QUANTITIES = ['energy', 'cpu_time', 'power', 'memory'] as const

/** Throws RangeError for what the first version did not write. */
export function decodeFirstVersion(bytes: Uint8Array): HostState {
  const from = new ByteReader(bytes)
  from.byte()
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
    const [key, labels] = readLabels(from, state.recordNano)
    state.workloads.set(key, labels)
  }
  if (!from.atEnd) throw new RangeError('bytes are left over')
  return state
}

function readSeries(from: ByteReader, baseNano: bigint): Series {
  const quantity = QUANTITIES[from.byte()]
  if (quantity === undefined) throw new RangeError('unknown quantity')
  const [domain, device, workloadKind] = [from.text(), from.text(), from.text()]
  const [workloadId, bootId, source, quality] = [from.text(), from.text(), from.text(), from.text()]
  const identity = { quantity, domain, device, workloadKind, workloadId, bootId, source, quality }
  const series = newSeries(identity, Number(from.int()))
  series.rangeMax = from.int()
  // An instant then: that of the first sample, or -1.
  series.integrated = from.int() + baseNano >= 0n
  const hasPending = from.byte()
  let pending: PendingInterval | null = null
  if (hasPending !== 0) {
    const [fromWindow] = splitNano(from.int() + baseNano)
    pending = { fromWindow, amount: from.int() }
  }
  let [time, value] = [baseNano, 0n]
  for (let left = from.uint(); left > 0; left--) {
    time += from.int()
    value += from.int()
    pushSample(series.samples, time, value)
  }
  if (pending !== null) restorePending(series, pending)
  return series
}

function readLabels(from: ByteReader, baseNano: bigint): [string, WorkloadLabels] {
  const key = from.text()
  const [minute, ns] = splitNano(from.int() + baseNano)
  const entries = Array.from({ length: from.uint() }, () => [from.text(), from.text()])
  return [key, { minute, ns, attributes: Object.fromEntries(entries) as Record<string, string> }]
}
