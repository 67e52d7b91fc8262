/**
 * A workload's counter of CPU time that names its start stood at 0 then: what a new container used before its first sample is
 * not lost. Some senders name another moment (that at which they began themselves), so the value must be possible since then,
 * and the counter must not be one that goes on from an epoch before.
 */
import { isNestedMode } from '../../../core/books/cpu-modes.ts'
import { STRIDE, splitNano, timeNanoAt, valueAt } from '../samples/samples.ts'
import type { Series } from '../samples/series.ts'
import type { HostState } from '../state/host-state.ts'

/** As the recogniser writes the start time of a counter. */
const NAMED_START = /^otlp:(\d{1,19})$/
/** A busy host's counters are read a moment apart. */
const SLACK = 0.05

/** Adds the sample that the start of the counter stands for, where there is one to be believed. */
export function openFromStart(state: HostState, series: Series, cpus: () => number): void {
  const { identity, samples, integrated, gapNs } = series
  if (integrated || samples.length === 0 || identity.quantity !== 'cpu_time' || identity.workloadKind === '')
    return
  const named = NAMED_START.exec(identity.bootId)
  if (named === null) return
  const startNano = BigInt(named[1]!)
  const sinceNs = timeNanoAt(samples, 0) - startNano
  const value = valueAt(samples, 0)
  if (sinceNs <= 0n || sinceNs > BigInt(gapNs) || value <= 0n) return
  if (value * 1_000n > sinceNs * BigInt(cpus()) || goesOn(state, series, value)) return
  const [minute, ns] = splitNano(startNano)
  samples.unshift(minute, ns, 0, 0)
}

/** Whether another epoch of the meter had got no further: then this one may be the same counter under another name. */
const goesOn = (state: HostState, { place, identity }: Series, value: bigint): boolean =>
  [...state.series.values()].some(other => {
    const { domain, device, source, bootId } = other.identity
    if (other.place !== place || bootId === identity.bootId || other.samples.length === 0) return false
    if (domain !== identity.domain || device !== identity.device || source !== identity.source) return false
    return valueAt(other.samples, other.samples.length - STRIDE) <= value
  })

/** CPUs of the host by what its own counters rose by, all modes together; 1 where they do not say. */
export function cpusOf(state: HostState): number {
  const rates = new Map<string, number>()
  for (const { identity, samples } of state.series.values()) {
    if (identity.quantity !== 'cpu_time' || identity.workloadKind !== '') continue
    const last = samples.length - STRIDE
    if (last <= 0 || isNestedMode(identity.domain)) continue
    const rise = Number(valueAt(samples, last) - valueAt(samples, 0))
    const us = Number(timeNanoAt(samples, last) - timeNanoAt(samples, 0)) / 1_000
    // The whole machine and its single CPUs stand beside each other.
    const key = `${identity.source}\u0000${identity.bootId}\u0000${identity.device === ''}`
    rates.set(key, (rates.get(key) ?? 0) + Math.max(0, rise / us))
  }
  return Math.max(1, Math.ceil(Math.max(0, ...rates.values()) - SLACK))
}
