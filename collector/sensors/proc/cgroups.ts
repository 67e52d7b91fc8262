/** Control groups of workloads and their counters, version 2 and version 1. */
import { statSync } from 'node:fs'
import { type CgroupWorkload, classifyCgroup } from '../../readings/mappings/cgroup-patterns.ts'
import { integerFile, type KernelFiles, keyedInteger } from '../host/files.ts'

/** Where the kernel exposes control groups, and which line of /proc/PID/cgroup has a process's own group. */
export interface CgroupTree {
  readonly version: 1 | 2
  /** Folder of CPU accounting, without a trailing slash. */
  readonly cpuRoot: string
  readonly memoryRoot: string
}

/** Counters of one control group; undefined if its kernel or version does not have them. */
export interface CgroupCounters {
  readonly cpuUs: bigint
  /** Bytes in use without inactive file cache: memory that the kernel could not free at once. */
  readonly workingSetBytes: bigint | undefined
  /** Time during which some task of the group was runnable but not running, µs. */
  readonly cpuWaitUs: bigint | undefined
}

/** Maximum number of folders per round; nodes with hundreds of pods have about two thousand. */
const MAX_FOLDERS = 8192
const MAX_DEPTH = 16

/** The tree that accounts CPU time; undefined if there is none. */
export function findCgroupTree(files: KernelFiles, sys: string): CgroupTree | undefined {
  const root = `${sys}/fs/cgroup`
  if (files.text(`${root}/cgroup.controllers`) !== undefined) {
    return { version: 2, cpuRoot: root, memoryRoot: root }
  }
  for (const folder of ['cpuacct', 'cpu,cpuacct']) {
    if (integerFile(files, `${root}/${folder}/cpuacct.usage`) !== undefined) {
      return { version: 1, cpuRoot: `${root}/${folder}`, memoryRoot: `${root}/memory` }
    }
  }
  return undefined
}

interface FoundWorkloads {
  /** Workloads whose control group counts only for them. */
  readonly counted: CgroupWorkload[]
  /** Paths of workloads that contain others. */
  readonly holders: readonly string[]
}

/**
 * Workloads with their own control group and no other workload inside. A group that contains others (a user's session
 * with its units, a container with containers) counts theirs too, so its own share is the sum of its processes.
 */
export function findWorkloads(files: KernelFiles, tree: CgroupTree): FoundWorkloads {
  const found = walk(files, tree)
  const holders: string[] = []
  for (const path of [...found.keys()]) {
    for (let end = path.lastIndexOf('/'); end > 0; end = path.lastIndexOf('/', end - 1)) {
      const above = path.slice(0, end)
      if (found.delete(above)) holders.push(above)
    }
  }
  return { counted: [...found.values()], holders }
}

function walk(files: KernelFiles, tree: CgroupTree): Map<string, CgroupWorkload> {
  const found = new Map<string, CgroupWorkload>()
  for (const path of cgroupFolders(files, tree)) {
    const workload = path === '' ? undefined : classifyCgroup(path)
    if (workload?.path === path) found.set(path, workload)
  }
  return found
}

/** Every control group as a path below the root, which is `''`, in breadth-first order. */
export function* cgroupFolders(files: KernelFiles, tree: CgroupTree): Generator<string> {
  const queue: { path: string; depth: number }[] = [{ path: '', depth: 0 }]
  for (let index = 0; index < queue.length; index++) {
    const { path, depth } = queue[index]!
    yield path
    if (depth >= MAX_DEPTH) continue
    for (const name of files.folders(tree.cpuRoot + path)) {
      if (queue.length < MAX_FOLDERS) queue.push({ path: `${path}/${name}`, depth: depth + 1 })
    }
  }
}

/** Counters of one group; undefined when it is gone or does not account CPU time. */
export function readCgroup(files: KernelFiles, tree: CgroupTree, path: string): CgroupCounters | undefined {
  return tree.version === 2 ? readVersion2(files, tree, path) : readVersion1(files, tree, path)
}

function readVersion2(files: KernelFiles, tree: CgroupTree, path: string): CgroupCounters | undefined {
  const folder = tree.cpuRoot + path
  const cpuUs = keyedInteger(files.text(`${folder}/cpu.stat`) ?? '', 'usage_usec')
  if (cpuUs === undefined) return undefined
  const memory = integerFile(files, `${folder}/memory.current`)
  const waited = /^some .*total=(\d+)/m.exec(files.text(`${folder}/cpu.pressure`) ?? '')?.[1]
  return {
    cpuUs,
    workingSetBytes: workingSet(files, folder, memory, 'inactive_file'),
    cpuWaitUs: waited === undefined ? undefined : BigInt(waited),
  }
}

function readVersion1(files: KernelFiles, tree: CgroupTree, path: string): CgroupCounters | undefined {
  const cpuNs = integerFile(files, `${tree.cpuRoot}${path}/cpuacct.usage`)
  if (cpuNs === undefined) return undefined
  const folder = tree.memoryRoot + path
  const memory = integerFile(files, `${folder}/memory.usage_in_bytes`)
  return {
    // Rounded down, because a counter must not run ahead of the actual use.
    cpuUs: cpuNs / 1000n,
    workingSetBytes: workingSet(files, folder, memory, 'total_inactive_file'),
    cpuWaitUs: undefined,
  }
}

function workingSet(
  files: KernelFiles,
  folder: string,
  inUse: bigint | undefined,
  inactiveKey: string,
): bigint | undefined {
  if (inUse === undefined) return undefined
  const inactive = keyedInteger(files.text(`${folder}/memory.stat`) ?? '', inactiveKey) ?? 0n
  return inUse > inactive ? inUse - inactive : 0n
}

/** Distinguishes two lives of one path: a unit that restarts gets a new folder, and its counters start at 0. */
export function cgroupLife(tree: CgroupTree, path: string): string {
  try {
    return String(statSync(tree.cpuRoot + path).ino)
  } catch {
    return ''
  }
}

/** The CPU control group of a process from its /proc/PID/cgroup. */
export function processCgroup(text: string, version: 1 | 2): string {
  for (const line of text.split('\n')) {
    const [, controllers, path] = /^\d+:([^:]*):(.*)$/.exec(line) ?? []
    if (controllers === undefined || path === undefined) continue
    if (version === 2 ? controllers === '' : controllers.split(',').includes('cpuacct')) return path
  }
  return '/'
}
