/**
 * The programs of this suite, downloaded once into a cache: Debian's OpenIPMI simulator with a module of ours for DCMI,
 * and sushy-static from PyPI. Nothing is installed.
 */
import { spawnSync } from 'node:child_process'
import { existsSync, mkdirSync, readdirSync } from 'node:fs'
import { join } from 'node:path'

const CACHE = new URL('../../node_modules/.cache/wattline-bmc', import.meta.url).pathname
const PACKAGES = ['openipmi', 'libopenipmi0', 'libpopt0', 'libsnmp40']
const SUSHY = 'sushy-tools==2.2.0'

function run(command: string, parameters: readonly string[], cwd: string): void {
  const { status, stderr, error } = spawnSync(command, parameters, { cwd, encoding: 'utf8' })
  if (status === 0) return
  throw new Error(`${command} ${parameters[0] ?? ''}: ${error?.message ?? stderr.trim().split('\n').at(-1)}`)
}

export interface IpmiPrograms {
  readonly simulator: string
  readonly module: string
  readonly environment: Readonly<Record<string, string>>
}

/** @throws with the reason where it cannot be had here */
export function ipmiPrograms(): IpmiPrograms {
  mkdirSync(CACHE, { recursive: true })
  const root = join(CACHE, 'root')
  if (!existsSync(join(root, 'usr/bin/ipmi_sim'))) {
    run('apt-get', ['download', ...PACKAGES], CACHE)
    for (const file of readdirSync(CACHE).filter(name => name.endsWith('.deb'))) {
      run('dpkg', ['-x', file, root], CACHE)
    }
  }
  const module = join(CACHE, 'dcmi-module.so')
  const source = new URL('./dcmi-module.c', import.meta.url).pathname
  run('gcc', ['-shared', '-fPIC', '-O1', '-Wall', '-Wextra', '-o', module, source], CACHE)
  const libraries = ['usr/lib', 'lib'].map(folder => join(root, folder, 'x86_64-linux-gnu')).join(':')
  return {
    simulator: join(root, 'usr/bin/ipmi_sim'),
    module,
    environment: { LD_LIBRARY_PATH: libraries },
  }
}

/** Path of sushy-static. @throws with the reason where it cannot be had here */
export function redfishProgram(): string {
  mkdirSync(CACHE, { recursive: true })
  const program = join(CACHE, 'venv/bin/sushy-static')
  if (!existsSync(program)) {
    run('python3', ['-m', 'venv', 'venv'], CACHE)
    run(join(CACHE, 'venv/bin/pip'), ['install', '--quiet', SUSHY], CACHE)
  }
  return program
}
