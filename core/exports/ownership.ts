/** Makes sure that a folder holds the files of one instance, with one width of periods. */
import { text } from 'node:stream/consumers'
import type { BackupStore } from '../backup/backup-store.ts'
import { WattlineError } from '../catalogue/errors/errors.ts'
import { type PeriodUnit, SETTINGS_NAME } from './layout.ts'
import { type ExportSettings, settingsSchema } from './manifest.ts'
import { once } from './write-file.ts'

/** @throws exports_refused when the folder is that of another instance, or has files of another width */
export async function takeFolder(store: BackupStore, period: PeriodUnit, owner: string): Promise<void> {
  const before = await settingsOf(store)
  if (before === null) {
    const settings: ExportSettings = { format: 1, period, owner }
    return await store.put(SETTINGS_NAME, once(JSON.stringify(settings)))
  }
  const found = settingsSchema.safeParse(before)
  if (!found.success) {
    throw new WattlineError(
      'exports_refused',
      `${SETTINGS_NAME} in ${store.name} was written by another version of Wattline.`,
    )
  }
  if (found.data.period !== period) {
    throw new WattlineError(
      'exports_refused',
      `${store.name} has a file for each ${found.data.period}, and \`exports.period\` is ${period}.`,
    )
  }
  if (found.data.owner !== owner) {
    throw new WattlineError(
      'exports_refused',
      `${store.name} holds the exports of another instance (${found.data.owner}). If this one replaces it, write that name into the file exports-owner of the data folder.`,
    )
  }
}

async function settingsOf(store: BackupStore): Promise<unknown> {
  try {
    return JSON.parse(await text(await store.get(SETTINGS_NAME))) as unknown
  } catch (error) {
    if (error instanceof WattlineError && error.code === 'backup_unusable') return null
    throw error
  }
}
