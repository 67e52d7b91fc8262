/**
 * AMD boards by `amd-smi`, where the kernel shows neither energy nor power. Its JSON differs between versions: values are numbers, or
 * objects with value and unit, and boards are a list or the member `gpu_data`.
 */
import type { RunCommand } from '../gpu/command-reader.ts'
import type { GpuBoard, GpuGap, GpuProcess, GpuSnapshot } from '../gpu/snapshot.ts'

const UNITS: Readonly<Record<string, number>> = {
  ...{ W: 1, mW: 1e-3, J: 1, kJ: 1e3, Wh: 3600, '%': 1 },
  ...{ B: 1, KB: 1e3, MB: 2 ** 20, GB: 2 ** 30, KiB: 2 ** 10, MiB: 2 ** 20, GiB: 2 ** 30 },
  ...{ ns: 1e-3, us: 1, ms: 1e3, s: 1e6 },
}

/** One snapshot. @throws Error as the command says, or where its answer is not JSON */
export async function readAmdSmi(run: RunCommand, now: () => bigint): Promise<GpuSnapshot> {
  const names = boardsIn(await run(['list', '--json']))
  const metrics = boardsIn(await run(['metric', '--power', '--usage', '--energy', '--mem-usage', '--json']))
  const timeUnixNano = now()
  const processes = await run(['process', '--json']).then(boardsIn, () => null)
  return {
    timeUnixNano,
    problems: [],
    boards: metrics.flatMap(metric => {
      const index = memberOf(metric, 'gpu')
      const of = (all: readonly unknown[] | null): unknown =>
        all?.find(one => String(memberOf(one, 'gpu')) === String(index))
      return boardOf(metric, of(names), processes === null ? null : of(processes))
    }),
  }
}

function boardsIn(text: string): readonly unknown[] {
  const found: unknown = JSON.parse(text)
  const list = Array.isArray(found) ? found : memberOf(found, 'gpu_data')
  if (!Array.isArray(list)) throw new Error('amd-smi answered with JSON of an unknown form.')
  return list
}

/** A member at a path; undefined where there is none. */
function memberOf(value: unknown, ...path: readonly string[]): unknown {
  let at = value
  for (const name of path) {
    if (typeof at !== 'object' || at === null) return undefined
    at = (at as Readonly<Record<string, unknown>>)[name]
  }
  return at
}

/** A number, or value and unit, times `by`; null for `N/A`. @param unit of numbers without one */
function amount(value: unknown, unit: string, by: number): bigint | null {
  const told = memberOf(value, 'unit')
  const factor = UNITS[typeof told === 'string' ? told : unit]
  const bare = memberOf(value, 'value') ?? value
  const number = typeof bare === 'string' && /^\d+(\.\d+)?$/.test(bare) ? Number(bare) : bare
  if (typeof number !== 'number' || !Number.isFinite(number) || factor === undefined) return null
  return BigInt(Math.round(number * factor * by))
}

/** The first that is known. */
const firstOf = (...values: readonly (bigint | null)[]): bigint | null =>
  values.find(value => value !== null) ?? null

function boardOf(metric: unknown, name: unknown, processes: unknown): readonly GpuBoard[] {
  const uuid = memberOf(name, 'uuid') ?? memberOf(name, 'bdf')
  if (typeof uuid !== 'string') return []
  const energyUj = amount(memberOf(metric, 'energy', 'total_energy_consumption'), 'J', 1e6)
  const powerMw = firstOf(
    amount(memberOf(metric, 'power', 'socket_power'), 'W', 1000),
    amount(memberOf(metric, 'power', 'current_socket_power'), 'W', 1000),
    amount(memberOf(metric, 'power', 'average_socket_power'), 'W', 1000),
  )
  const utilization = amount(memberOf(metric, 'usage', 'gfx_activity'), '%', 10_000)
  const listed = memberOf(processes, 'process_list')
  const found = Array.isArray(listed) ? listed.flatMap(processIn) : null
  const isTold = found?.every(({ busyUs }) => busyUs !== null) ?? false
  const reason = 'amd-smi does not show it'
  const gaps: GpuGap[] = [
    ...(energyUj === null ? [{ field: 'energy', reason } as const] : []),
    ...(powerMw === null ? [{ field: 'power', reason } as const] : []),
    ...(utilization === null ? [{ field: 'utilization', reason } as const] : []),
    ...(found === null ? [{ field: 'processes', reason } as const] : []),
    ...(isTold ? [] : [{ field: 'process_utilization', reason } as const]),
  ]
  return [
    {
      ...{ uuid, model: 'AMD', energyUj, powerMw, utilization, instances: [], processes: found, gaps },
      memoryUtilization: amount(memberOf(metric, 'usage', 'umc_activity'), '%', 10_000),
      memoryBytes: amount(memberOf(metric, 'mem_usage', 'used_vram'), 'MB', 1),
    },
  ]
}

function processIn(entry: unknown): readonly GpuProcess[] {
  const info = memberOf(entry, 'process_info') ?? entry
  const pid = memberOf(info, 'pid')
  if (typeof pid !== 'number') return []
  const memory = memberOf(info, 'memory_usage', 'vram_mem') ?? memberOf(info, 'mem_usage')
  const busyUs = amount(memberOf(info, 'usage', 'gfx'), 'ns', 1)
  return [{ pid, device: '', busy: null, busyUs, memoryBytes: amount(memory, 'B', 1) }]
}
