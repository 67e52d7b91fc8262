/** Removes files: of a tenant, and of periods that are too old. */
import type { BackupStore } from '../backup/backup-store.ts'
import { MANIFESTS, PERIOD_SECONDS, type Period, readDataName, readManifestName } from './layout.ts'

/** What has been removed. */
export interface Gone {
  readonly files: number
  readonly rows: number
}

/**
 * Manifests go first: what is left after a crash does not count, and is found again. A file that also has rows of later moments goes as a whole;
 * the next comparison writes those that the tables still have.
 */
export async function eraseFiles(store: BackupStore, tenant: string, beforeMs: number | null): Promise<Gone> {
  const isOld = ({ from }: Period): boolean => beforeMs === null || from * 1_000 < beforeMs
  const under = [`${MANIFESTS}${tenant}/`, `${tenant}/`]
  return await remove(store, under, period => period.tenant === tenant && isOld(period))
}

/** Removes files of periods that ended before a moment, unix seconds. */
export const expireFiles = (store: BackupStore, endedBefore: number): Promise<Gone> =>
  remove(store, [MANIFESTS, ''], ({ from, unit }) => from + PERIOD_SECONDS[unit] <= endedBefore)

async function remove(
  store: BackupStore,
  under: readonly string[],
  isGone: (period: Period) => boolean,
): Promise<Gone> {
  let [files, rows] = [0, 0]
  for (const prefix of under) {
    for (const name of (await store.list(prefix)).keys()) {
      const manifest = readManifestName(name)
      const period = manifest ?? readDataName(name)
      if (period === null || !isGone(period)) continue
      await store.remove(name)
      if (manifest === null) files += 1
      else rows += manifest.rows
    }
  }
  return { files, rows }
}
