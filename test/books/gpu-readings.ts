/** Readings of one minute of a board, as a sensor sends them. */
import { instanceDevice } from '../../core/books/gpu-places.ts'
import { at, type Reading, reading } from '../processors/meter/support.ts'
import type { GpuMinute } from './gpu-oracle.ts'

export interface ReadGpu {
  readonly board: string
  readonly source: string
}

/** `start`: seconds after noon. Gauges are constant, so that their areas are exact; all µs must be multiples of 60. */
export function readingsOfMinute(
  minute: GpuMinute,
  start = 0,
  { board, source }: ReadGpu = { board: 'GPU-1', source: 'nvml' },
): Reading[] {
  const base = { Domain: `gpu-${board}`, Source: source }
  const counter = (quantity: string, amount: number, facts: Partial<Reading>): Reading[] =>
    [0, 60].map(second =>
      reading({
        ...base,
        Quantity: quantity,
        Timestamp: at(start + second),
        Value: 1_000n * BigInt(start) * 1_000_000n + BigInt(second === 0 ? 0 : amount),
        BootId: `boot-${start}`,
        ...facts,
      }),
    )
  const gauge = (quantity: string, value: number, facts: Partial<Reading>): Reading[] =>
    [0, 15, 30, 45, 60].map(second =>
      reading({
        ...base,
        Quantity: quantity,
        Timestamp: at(start + second),
        Value: BigInt(value),
        BootId: `boot-${start}`,
        ...facts,
      }),
    )
  const held = (us: number, facts: Partial<Reading>): Reading[] => gauge('gpu_held', us / 60_000, facts)
  return [
    ...counter('energy', minute.energyUj, {}),
    ...held(minute.held, {}),
    ...minute.parts.flatMap(part => {
      const Device =
        part.of === 1
          ? ''
          : instanceDevice(part.slices * 100 + minute.parts.indexOf(part), part.slices, part.of)
      return [
        ...(part.active === null ? [] : counter('gpu_time', part.active, { Device })),
        ...part.users.flatMap(({ id, used, held: own }) => {
          const who = { Device, WorkloadKind: 'container', WorkloadId: id }
          return [...held(own, who), ...(used === null ? [] : counter('gpu_time', used, who))]
        }),
      ]
    }),
  ]
}
