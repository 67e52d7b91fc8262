import { FORWARDED_STREAMS } from './forwarded.ts'
import {
  billing,
  energy,
  factors,
  forwarded,
  lateReadings,
  notifications,
  readings,
  requestEnergy,
  STREAMS,
  scalingDecisions,
  scalingPolicies,
  silences,
} from './index.ts'
import { tablesOf } from './stream.ts'

/**
 * A consumer group and a stream that it reads. Its records are not trimmed before the group has read them, and its lag
 * is reported.
 */
export interface LogReader {
  readonly group: string
  readonly stream: string
}

/** Groups that keep state in the log. In Kafka, each has a topic for it, with as many partitions as the stream with the most. */
export const STATEFUL_GROUPS = [
  ...['admit', 'alert', 'deliver', 'invoice', 'meter'],
  ...['recompute', 'restate', 'scale', 'signal', 'store'],
] as const

/** The readers of the log, depending on what runs on it. */
export function logReaders(runs: {
  readonly processors: boolean
  /** The log is forwarded to another instance. */
  readonly forward: boolean
}): readonly LogReader[] {
  const readers: LogReader[] = []
  if (runs.processors) {
    const stored = STREAMS.filter(stream => tablesOf(stream).length > 0)
    readers.push(...stored.map(stream => ({ group: 'store', stream: stream.name })))
    readers.push({ group: 'meter', stream: readings.name }, { group: 'rate', stream: energy.name })
    readers.push({ group: 'restate', stream: factors.name }, { group: 'invoice', stream: billing.name })
    readers.push({ group: 'recompute', stream: lateReadings.name })
    readers.push({ group: 'alert', stream: silences.name }, { group: 'deliver', stream: notifications.name })
    readers.push({ group: 'requests', stream: requestEnergy.name })
    readers.push({ group: 'scale', stream: scalingPolicies.name })
    readers.push({ group: 'signal', stream: scalingDecisions.name })
  }
  if (runs.processors || runs.forward) readers.push({ group: 'admit', stream: forwarded.name })
  if (runs.forward) readers.push(...FORWARDED_STREAMS.map(({ name }) => ({ group: 'forward', stream: name })))
  return readers
}
