/** Takes the snapshot of a data folder that `backup` and `export` read. */
import { existsSync } from 'node:fs'
import { setTimeout as delay } from 'node:timers/promises'
import type { SnapshotAnswer } from '../core/api/answers.ts'
import { snapshotFolder } from '../core/backup/snapshot.ts'
import type { Config } from '../core/catalogue/config/schema.ts'
import { WattlineError } from '../core/catalogue/errors/errors.ts'
import { type FolderLock, lockFolder } from '../core/runtime/folder-lock.ts'
import { ask, type ClientOptions } from './client.ts'
import { version } from './version.ts'

/** A running process releases a snapshot that was not renewed for 15 s. */
const RENEW_MS = 3_000
/** By then the snapshot of an interrupted backup has been released. */
const BUSY_MS = 20_000

/** The configuration with another data folder if `--data` names one. */
export const withData = (config: Config, data: string | undefined): Config =>
  data === undefined ? config : { ...config, data }

/** Takes a snapshot, with or without the process that uses the data folder, and releases it after the work. */
export async function withSnapshot<Result>(
  config: Config,
  options: ClientOptions,
  work: (id: string) => Promise<Result>,
): Promise<Result> {
  if (!existsSync(config.data)) {
    throw new WattlineError('backup_refused', `There is no data folder ${config.data}.`)
  }
  const lock = lockUnlessRunning(config.data)
  if (lock === null) return await ofRunning(config, options, work)
  try {
    const { openOffline } = await import('../core/backup/offline.ts')
    const offline = await openOffline(config, version)
    let renewing: NodeJS.Timeout | undefined
    try {
      const { id } = await offline.snapshots.take()
      renewing = setInterval(() => offline.snapshots.renew(id), RENEW_MS)
      while (!offline.snapshots.renew(id).ready) await delay(50)
      // The work may open another engine, and a process can only have one at a time.
      await offline.close()
      return await work(id)
    } finally {
      clearInterval(renewing)
      await offline.close()
      await offline.snapshots.close()
    }
  } finally {
    lock.release()
  }
}

/** Null: a process uses the folder. */
function lockUnlessRunning(data: string): FolderLock | null {
  try {
    return lockFolder(data)
  } catch (error) {
    if (error instanceof WattlineError && error.code === 'data_in_use') return null
    throw error
  }
}

async function ofRunning<Result>(
  config: Config,
  options: ClientOptions,
  work: (id: string) => Promise<Result>,
): Promise<Result> {
  const answer = await snapshotOf(options)
  const path = `/api/v1/snapshots/${answer.id}`
  const over = new AbortController()
  const renewing = renew(options, path, over.signal)
  try {
    if (!existsSync(snapshotFolder(config.data, answer.id))) {
      throw new WattlineError(
        'backup_refused',
        `The process at ${options.url} has data folder ${answer.data}, but its snapshot does not exist in ${config.data} here. Run this command where that folder is, with the same configuration or with --data.`,
      )
    }
    await ready(options, path)
    return await work(answer.id)
  } finally {
    over.abort()
    await renewing
    // A missing snapshot was released by the process; the copy has then failed with its own reason.
    await ask(options, `${path}/release`, [], {}).catch(() => undefined)
  }
}

async function snapshotOf(options: ClientOptions): Promise<SnapshotAnswer> {
  for (const started = performance.now(); ; await delay(500)) {
    try {
      return await ask<SnapshotAnswer>(options, '/api/v1/snapshots', ['id', 'data'], {})
    } catch (error) {
      const isBusy = error instanceof WattlineError && error.code === 'snapshot_busy'
      if (!isBusy || performance.now() - started > BUSY_MS) throw error
    }
  }
}

/** Waits until the copy of the log is complete, which takes a while when the log is large. */
async function ready(options: ClientOptions, path: string): Promise<void> {
  while (!(await ask<SnapshotAnswer>(options, path, ['ready'])).ready) await delay(200)
}

async function renew(options: ClientOptions, path: string, signal: AbortSignal): Promise<void> {
  while (!signal.aborted) {
    await delay(RENEW_MS, undefined, { signal }).catch(() => undefined)
    if (!signal.aborted) await ask(options, path, []).catch(() => undefined)
  }
}
