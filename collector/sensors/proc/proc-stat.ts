/** The host's own CPU time from /proc/stat. */

/** The kernel reports CPU time in 1/100 s whatever its own tick is (USER_HZ). */
export const TICK_US = 10_000n

/**
 * Columns of the `cpu` line in order, with OpenTelemetry's names if it has them. Guest time follows them, but is
 * already included in `user` and `nice`, so it is left out to avoid counting it twice.
 */
export const HOST_MODES = [
  'user',
  'nice',
  'system',
  'idle',
  'iowait',
  'interrupt',
  'softirq',
  'steal',
] as const
type HostMode = (typeof HOST_MODES)[number]

/** CPU time since boot by mode, µs, over all CPUs. */
export type HostCpuTime = Readonly<Record<HostMode, bigint>>

/** CPU lines of /proc/stat. */
export interface ProcStat {
  readonly cpuTime: HostCpuTime
  /** CPUs that are online. */
  readonly cpus: number
}

/** Throws when the text is not that of /proc/stat. Modes that an old kernel does not report are 0. */
export function parseProcStat(text: string): ProcStat {
  const fields = /^cpu +(.*)$/m.exec(text)?.[1]?.split(' ')
  if (fields === undefined || !fields.every(field => /^\d+$/.test(field))) {
    throw new Error('/proc/stat has no `cpu` line')
  }
  const cpuTime = Object.fromEntries(
    HOST_MODES.map((mode, column) => [mode, BigInt(fields[column] ?? '0') * TICK_US]),
  ) as Record<HostMode, bigint>
  return { cpuTime, cpus: text.match(/^cpu\d+ /gm)?.length ?? 1 }
}
