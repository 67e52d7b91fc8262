import { existsSync, mkdirSync, readFileSync, rmdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

/**
 * Limits a process to a share of the machine's processors, as a container's CPU limit does: a control group with a
 * quota. This allows two processes to be compared with one on a machine that could not give each its own core.
 */
export interface CpuQuota {
  /** The group is removed when its processes have ended; until then this throws EBUSY. */
  remove(): void
}

const ROOT = '/sys/fs/cgroup'
const PERIOD_US = 20_000

/** Limits a process with all its threads to `cpus` processors. Throws if control groups are not writable. */
export function confine(pid: number, cpus: number): CpuQuota {
  const quotaUs = Math.round(PERIOD_US * cpus)
  const isSecond = existsSync(join(ROOT, 'cgroup.controllers'))
  const folder = join(ROOT, ...(isSecond ? [] : ['cpu']), `wattline-bench-${process.pid}-${pid}`)
  if (isSecond) writeFileSync(join(ROOT, 'cgroup.subtree_control'), '+cpu')
  mkdirSync(folder)
  if (isSecond) {
    writeFileSync(join(folder, 'cpu.max'), `${quotaUs} ${PERIOD_US}`)
  } else {
    writeFileSync(join(folder, 'cpu.cfs_period_us'), `${PERIOD_US}`)
    writeFileSync(join(folder, 'cpu.cfs_quota_us'), `${quotaUs}`)
  }
  writeFileSync(join(folder, 'cgroup.procs'), `${pid}`)
  const members = readFileSync(join(folder, 'cgroup.procs'), 'utf8').trim().split('\n')
  if (!members.includes(`${pid}`)) throw new Error(`process ${pid} did not join ${folder}`)
  return { remove: () => rmdirSync(folder) }
}
