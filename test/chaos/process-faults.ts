/** What can happen to one process, its clients and its disk without losing a file: none of it may lose data. */
import { join } from 'node:path'
import { canHideFolders, hideFolder } from '../support/hidden-folder.ts'
import { busyDisk } from './busy-disk.ts'
import { cutClients } from './cut-clients.ts'
import type { Marksman } from './marksman.ts'
import { Member } from './member.ts'
import { fault, type OneProcess } from './one-process.ts'
import { type Fault, pause } from './topology.ts'

export interface ProcessFaults {
  readonly marksman: Marksman
  /** Port of a second process on the same folder. */
  readonly environment: Readonly<Record<string, string>>
}

export function processFaults(
  system: OneProcess,
  { marksman, environment }: ProcessFaults,
): readonly Fault[] {
  const { data } = system
  return [
    fault('kill', 30, () => killed(system)),
    fault('kill-at-token', 25, () => killedAtToken(system, marksman)),
    fault('kill-while-starting', 8, random => killedWhileStarting(system, random() * 1_500)),
    fault('stop', 8, () => stopped(system)),
    fault('kill-while-stopping', 7, random => stopped(system, random() * 400)),
    fault('freeze', 6, random => frozen(system, 50 + random() * 1_500, random() < 0.3)),
    { name: 'cut-clients', weight: 10, inject: ({ client }) => cutClients(client) },
    fault('busy-disk', 4, random =>
      busyDisk(data, 300 + random() * 1_000, random() < 0.5 ? () => killed(system) : null),
    ),
    fault('second-process', 2, () => secondRefused(data, environment)),
    ...(canHideFolders() ? [fault('disk-gone', 6, random => diskHidden(data, random() * 400))] : []),
  ]
}

export async function killed(system: OneProcess): Promise<string> {
  system.hideFromClients()
  await system.member.kill()
  await system.start()
  return 'SIGKILL, started again'
}

/** The worst moment: the engine has stored a token and not yet named its part. */
async function killedAtToken(system: OneProcess, marksman: Marksman): Promise<string> {
  const enginePath = join(system.data, 'warehouse', 'engine')
  const isMet = await system.member.killedBy(pid => marksman.aim({ enginePath, pid }))
  return `${isMet ? 'at a token' : 'no token came'}: ${await killed(system)}`
}

async function killedWhileStarting(system: OneProcess, afterMs: number): Promise<string> {
  system.hideFromClients()
  await system.member.kill()
  await system.member.startAndKill(afterMs)
  await system.start()
  return `SIGKILL, started, SIGKILL after ${Math.round(afterMs)} ms, started again`
}

async function stopped(system: OneProcess, killAfterMs?: number): Promise<string> {
  await system.member.stop(killAfterMs)
  system.hideFromClients()
  await system.start()
  const kill = killAfterMs === undefined ? '' : ` and SIGKILL ${Math.round(killAfterMs)} ms later`
  return `SIGTERM${kill}, started again`
}

async function frozen(system: OneProcess, ms: number, isFatal: boolean): Promise<string> {
  await system.member.freeze(ms)
  return `frozen for ${Math.round(ms)} ms${isFatal ? `, then ${await killed(system)}` : ''}`
}

/** The disk with the engine's tables disappears and comes back; the log, on another disk, continues. */
async function diskHidden(data: string, ms: number): Promise<string> {
  const bringBack = hideFolder(join(data, 'warehouse', 'engine', 'store'))
  try {
    await pause(ms)
  } finally {
    bringBack()
  }
  return `gone for ${Math.round(ms)} ms`
}

/** Another process on the same folder is refused, and does no harm. */
async function secondRefused(data: string, environment: Readonly<Record<string, string>>): Promise<string> {
  const second = new Member('second process', { data, environment })
  const refusal = await second.start().then(
    () => 'it started',
    (error: unknown) => String(error),
  )
  await second.kill()
  if (!refusal.includes('data_in_use')) throw new Error(`a second process on the data folder: ${refusal}`)
  return 'refused'
}
