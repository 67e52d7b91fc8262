/**
 * A container reads /proc/PID/cgroup inside its own cgroup namespace: the kernel writes the path relative to it,
 * `/../../system.slice/x.service` for groups outside and `/` for itself. Without translation, no process would be found
 * in its workload's control group, and its CPU time would be counted a second time.
 */
import { statSync } from 'node:fs'
import { posix } from 'node:path'
import type { KernelFiles } from '../host/files.ts'
import type { Roots } from '../host/sensor.ts'
import { type CgroupTree, cgroupFolders, processCgroup } from './cgroups.ts'

/**
 * Translates the path in a /proc/PID/cgroup to the path in the tree. @throws when this container's own group cannot be
 * determined
 */
export type CgroupPaths = (path: string) => string

/** Translates paths as this process sees them to paths below the root of the mounted tree. */
export function cgroupPaths(files: KernelFiles, roots: Roots, tree: CgroupTree): CgroupPaths {
  const first = processCgroup(files.text(`${roots.proc}/1/cgroup`) ?? '', tree.version)
  // The host's first process is outside every container. Without a namespace, paths are those of the tree.
  if (!first.startsWith('/..')) return path => path
  const own = roots.ownSys + tree.cpuRoot.slice(roots.sys.length)
  let root: string | undefined
  return path => {
    root ??= findFolder(files, tree, own)
    const absolute = posix.join(root, path)
    return absolute.length > 1 && absolute.endsWith('/') ? absolute.slice(0, -1) : absolute
  }
}

/** The folder of the tree that is the same as `own`, which is mounted twice. */
function findFolder(files: KernelFiles, tree: CgroupTree, own: string): string {
  const wanted = inodeOf(own)
  if (wanted !== undefined) {
    for (const path of cgroupFolders(files, tree)) {
      if (inodeOf(tree.cpuRoot + path) === wanted) return path === '' ? '/' : path
    }
  }
  throw new Error(
    `Cannot find the control group of this container: ${own} is not a folder below ${tree.cpuRoot}. ` +
      "Mount the container's own /sys/fs/cgroup, or run the container in the cgroup namespace of the host.",
  )
}

function inodeOf(path: string): string | undefined {
  try {
    const { dev, ino } = statSync(path, { bigint: true })
    return `${dev}:${ino}`
  } catch {
    return undefined
  }
}
