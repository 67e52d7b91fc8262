/** Sources of readings: what a reading's Source says of who took it. */

/** Sensors of this product, sampled every few seconds. `cpu`: they see the CPU of a host from one place. */
const SENSORS = {
  proc: { sees: 'cpu' },
  cgroup1: { sees: 'cpu' },
  cgroup2: { sees: 'cpu' },
  rapl: { sees: 'energy' },
  'rapl:mmio': { sees: 'energy' },
  'rapl:psys': { sees: 'energy' },
  'estimate:ccf': { sees: 'energy' },
} as const

/** What readings of sensors say as their source. */
export type SensorSource = keyof typeof SENSORS

/** Whether a reading's Source names a sensor of this product: its rounds are regular, so that a gap is known sooner. */
export const isSensorSource = (source: string): source is SensorSource => Object.hasOwn(SENSORS, source)

/**
 * Name of the group of sources that see the CPU of a host from one place, so that what they report of its workloads never
 * overlaps. Of OpenTelemetry each metric may come from another agent; an exporter of Prometheus is one program.
 */
export function familyOf(source: string): string {
  if (isSensorSource(source) && SENSORS[source].sees === 'cpu') return 'sensors'
  return source.startsWith('otlp:') || source.startsWith('simulated:') ? source : source.replace(/:.*$/, '')
}
