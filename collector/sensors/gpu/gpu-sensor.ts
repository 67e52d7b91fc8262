/** A sensor over a reader of GPUs: it hands over what came since the last round, and asks for the next snapshot. */
import type { Sensor } from '../host/sensor.ts'
import type { GpuReadings } from './gpu-readings.ts'
import type { GpuReader } from './snapshot.ts'

interface GpuSensorOptions {
  readonly name: string
  readonly reader: GpuReader
  readonly readings: GpuReadings
  /** Told what is wrong with boards, when that changes; '' when nothing is any more. */
  readonly report: (problems: string) => void
}

/** Readings have the time of their snapshot, so being a round late costs nothing. */
export function gpuSensor({ name, reader, readings, report }: GpuSensorOptions): Sensor {
  let told = ''
  return {
    name,
    read() {
      try {
        const snapshots = reader.take()
        const last = snapshots.at(-1)
        const problems = last?.problems.join(' ') ?? told
        if (problems !== told) report(problems)
        told = problems
        return snapshots.flatMap(snapshot => readings.of(snapshot))
      } finally {
        reader.request()
      }
    },
  }
}
