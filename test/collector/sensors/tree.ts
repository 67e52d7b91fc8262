/** Trees of files in place of /proc, /sys and /etc: created in a temporary folder, removed after the test. */
import { mkdirSync, mkdtempSync, renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { onTestFinished } from 'vitest'
import type { Roots } from '../../../collector/sensors/host/sensor.ts'

export type Files = Readonly<Record<string, string | Uint8Array>>

export interface Tree {
  readonly roots: Roots
  write(files: Files): void
  link(path: string, target: string): void
  rename(path: string, to: string): void
  remove(...paths: string[]): void
}

/** Paths are `proc/...`, `sys/...`, `etc/...`, `cloud/...`, and `own-sys/...` for what a container sees of its own. */
export function tree(files: Files): Tree {
  const root = mkdtempSync(join(tmpdir(), 'wattline-sensors-'))
  onTestFinished(() => rmSync(root, { recursive: true, force: true }))
  const place = (path: string): string => {
    const full = join(root, path)
    mkdirSync(dirname(full), { recursive: true })
    return full
  }
  const write = (more: Files): void => {
    for (const [path, content] of Object.entries(more)) writeFileSync(place(path), content)
  }
  write(files)
  return {
    roots: {
      proc: join(root, 'proc'),
      sys: join(root, 'sys'),
      etc: join(root, 'etc'),
      cloud: join(root, 'cloud'),
      ownSys: join(root, 'own-sys'),
    },
    write,
    link: (path, target) => symlinkSync(target, place(path)),
    rename: (path, to) => renameSync(join(root, path), place(to)),
    remove: (...paths) => {
      for (const path of paths) rmSync(join(root, path), { recursive: true, force: true })
    },
  }
}

export interface Process {
  readonly comm?: string | Uint8Array
  readonly utime?: number
  readonly stime?: number
  readonly childTicks?: number
  readonly parent?: number
  readonly start?: number
  readonly rss?: number
  readonly flags?: number
}

/** A line of /proc/PID/stat as the kernel writes it. */
export function statLine(pid: number, process: Process): Uint8Array {
  const { comm = 'node', utime = 0, stime = 0, start = 100, rss = 10, flags = 0x400000 } = process
  const { parent = 1, childTicks = 0 } = process
  const name = typeof comm === 'string' ? Buffer.from(comm) : comm
  const rest =
    `S ${parent} ${pid} ${pid} 0 -1 ${flags} 57 0 12 0 ${utime} ${stime} ${childTicks} 0 20 0 11 0 ${start} 51580928 ${rss} ` +
    '18446744073709551615 1 1 0 0 0 0 0 4096 1256 0 0 0 17 1 0 0 0 0 0 0 0 0 0 0 0 0 0\n'
  return Buffer.concat([Buffer.from(`${pid} (`), name, Buffer.from(`) ${rest}`)])
}

/** An empty machine with two CPUs. `uptime` in seconds. */
export const machine = (uptime = 1000): Files => ({
  'proc/stat':
    'cpu  100 20 30 4000 50 6 7 8 90 10\ncpu0 50 10 15 2000 25 3 3 4 45 5\ncpu1 50 10 15 2000 25 3 4 4 45 5\n' +
    'intr 1 2 3\nctxt 5\nbtime 1767268800\n',
  'proc/uptime': `${uptime.toFixed(2)} 2806.31\n`,
  'proc/meminfo': 'MemTotal:       2097152 kB\nMemFree:  100 kB\nMemAvailable:   1048576 kB\n',
  'proc/cpuinfo':
    'processor\t: 0\nvendor_id\t: GenuineIntel\ncpu family\t: 6\nmodel\t\t: 85\nmodel name\t: X\nstepping\t: 7\n',
  'proc/sys/kernel/random/boot_id': 'boot-1\n',
  'proc/sys/kernel/hostname': 'machine-1\n',
  'proc/pressure/cpu': 'some avg10=0.51 avg60=0.47 avg300=0.62 total=30055817\nfull avg10=0.00 total=0\n',
  'etc/machine-id': `${'ab'.repeat(16)}\n`,
})
