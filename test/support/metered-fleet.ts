/**
 * A seeded fleet of metered hosts, minute by minute, as OTLP/JSON; and the counts of its meters, for an auditor.
 * Samples are 20 s apart with one on each full minute, so that every minute's energy is known without apportioning.
 */
import { counterJson } from './otlp.ts'
import { seededRandom } from './random.ts'

const STEP_MS = 20_000
const STEPS_A_MINUTE = 3
const CPUS = 4
/** Largest energy of a host in 20 s, joules. */
const MAX_JOULES = 5_000

interface Host {
  readonly id: string
  joules: bigint
  busy: number
  capacity: number
  readonly containers: number[]
}

export interface MeteredFleet {
  /** The next minute of all hosts. */
  nextMinute(): unknown
  /** Counts of the meters in completed minutes, µJ, by `host/unix seconds of the minute`. */
  counted(): ReadonlyMap<string, bigint>
}

/** `startMs`: unix time of the first sample, a full minute. */
export function meteredFleet(seed: number, hosts: number, startMs: number): MeteredFleet {
  const random = seededRandom(seed)
  const fleet: Host[] = Array.from({ length: hosts }, (_, index) => ({
    id: `host-${index}`,
    joules: BigInt(Math.floor(random() * 1e6)),
    busy: 100,
    capacity: 10_000,
    containers: [10, 20],
  }))
  const counted = new Map<string, bigint>()
  let timeMs = startMs

  /** Counters at `timeMs`, and 20 s later. */
  const step = (host: Host, minute: number): readonly Sample[] => {
    const samples = samplesOf(host, timeMs)
    const joules = BigInt(Math.floor(random() * MAX_JOULES))
    const capacity = (CPUS * STEP_MS) / 1000
    const busy = Math.floor(random() * capacity)
    host.joules += joules
    host.capacity += capacity
    host.busy += busy
    host.containers[0] = (host.containers[0] ?? 0) + Math.floor(busy / 2)
    host.containers[1] = (host.containers[1] ?? 0) + Math.floor(busy / 3)
    const key = `${host.id}/${minute / 1000}`
    counted.set(key, (counted.get(key) ?? 0n) + joules * 1_000_000n)
    return samples
  }

  return {
    nextMinute() {
      const minute = timeMs
      const samples = new Map<string, Sample[]>(fleet.map(({ id }) => [id, []]))
      for (let index = 0; index < STEPS_A_MINUTE; index++) {
        for (const host of fleet) samples.get(host.id)?.push(...step(host, minute))
        timeMs += STEP_MS
      }
      return { resourceMetrics: [...samples].flatMap(([host, some]) => resourcesOf(host, some)) }
    },
    // The last minute has no sample at its end yet.
    counted: () => new Map([...counted].filter(([key]) => !key.endsWith(`/${(timeMs - 60_000) / 1000}`))),
  }
}

interface Sample {
  readonly metric: string
  readonly unit: string
  readonly container: string
  readonly attributes: Readonly<Record<string, string>>
  readonly timeUnixNano: string
  readonly asInt: string
}

function samplesOf(host: Host, timeMs: number): Sample[] {
  const timeUnixNano = `${BigInt(timeMs) * 1_000_000n}`
  const sample = (
    metric: string,
    unit: string,
    value: number | bigint,
    attributes: Record<string, string>,
    container = '',
  ) => ({ metric, unit, container, attributes, timeUnixNano, asInt: `${value}` })
  return [
    sample('hw.energy', 'J', host.joules, { 'hw.type': 'cpu', 'hw.id': '0' }),
    sample('system.cpu.time', 's', host.busy, { 'cpu.mode': 'user' }),
    sample('system.cpu.time', 's', host.capacity - host.busy, { 'cpu.mode': 'idle' }),
    ...host.containers.map((seconds, index) => sample('container.cpu.time', 's', seconds, {}, `c${index}`)),
  ]
}

/** One resource for the host, one for each container. */
function resourcesOf(host: string, samples: readonly Sample[]): unknown[] {
  return [...Map.groupBy(samples, ({ container }) => container)].map(([container, some]) => {
    const names = { 'host.id': host, 'host.name': host }
    const more = container === '' ? {} : { 'container.id': container, 'container.name': container }
    const attributes = Object.entries({ ...names, ...more }).map(([key, value]) => ({
      key,
      value: { stringValue: value },
    }))
    const metrics = [...Map.groupBy(some, ({ metric }) => metric)].map(([metric, points]) =>
      counterJson(metric, points[0]?.unit ?? '', points),
    )
    return { resource: { attributes }, scopeMetrics: [{ scope: { name: 'fleet' }, metrics }] }
  })
}
