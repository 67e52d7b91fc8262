/** Sources of readings, as named in a reading's Source. */

/** Sensors of this product, sampled every few seconds. `cpu`: they see the CPU of a host from one place. */
const SENSORS = {
  proc: { sees: 'cpu' },
  cgroup1: { sees: 'cpu' },
  cgroup2: { sees: 'cpu' },
  rapl: { sees: 'energy' },
  'rapl:mmio': { sees: 'energy' },
  'rapl:psys': { sees: 'energy' },
  'rapl:perf': { sees: 'energy' },
  /** A share that the hypervisor writes into files of a virtual machine. */
  'rapl:guest': { sees: 'energy' },
  hwmon: { sees: 'energy' },
  battery: { sees: 'energy' },
  'estimate:ccf': { sees: 'energy' },
  nvml: { sees: 'gpu' },
  'nvidia-smi': { sees: 'gpu' },
  'amd-smi': { sees: 'gpu' },
  drm: { sees: 'gpu' },
  /** Says by which id the cloud knows this machine. */
  'cloud-init': { sees: 'name' },
} as const

/** Sources of sensor readings. */
export type SensorSource = keyof typeof SENSORS

/** Whether a reading's Source is a sensor of this product: its rounds are regular, so a gap is detected sooner. */
export const isSensorSource = (source: string): source is SensorSource => Object.hasOwn(SENSORS, source)

/**
 * Name of the group of sources that see the CPU of a host from one place, so their reports about its workloads never
 * overlap. With OpenTelemetry each metric may come from a different agent; a Prometheus exporter is one program.
 */
export function familyOf(source: string): string {
  if (isSensorSource(source) && SENSORS[source].sees === 'cpu') return 'sensors'
  return source.startsWith('otlp:') || source.startsWith('simulated:') ? source : source.replace(/:.*$/, '')
}
