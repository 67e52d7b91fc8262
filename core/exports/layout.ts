/**
 * Names of exported files. The first file of a period holds all rows that it had when it was exported, later ones (`r2`, ...) the rows that
 * came afterwards. A manifest is written after its file, and its name tells how many rows that has: a list of names is all that an exporter
 * needs to know.
 *
 *     shop/ledger/day=2026-11-20/hour=10/r1.parquet
 *     _manifests/shop/ledger/day=2026-11-20/hour=10/r1-6143.json
 */
import { TENANT } from '../model/identity.ts'

/** Width of the time that a file covers. */
export type PeriodUnit = 'hour' | 'day'

/** A period of one table and tenant. */
export interface Period {
  readonly tenant: string
  readonly table: string
  /** Unix seconds, the start of an hour or day (UTC). */
  readonly from: number
  readonly unit: PeriodUnit
}

/** One file of a period. */
export interface ExportedFile extends Period {
  readonly revision: number
  readonly rows: number
}

/** Name of the file that says what the folder holds. */
export const SETTINGS_NAME = '_wattline.json'
/** Folder of the manifests. */
export const MANIFESTS = '_manifests/'

/** Seconds of a period. */
export const PERIOD_SECONDS: Readonly<Record<PeriodUnit, number>> = { hour: 3_600, day: 86_400 }

/** Folder of a period, with a slash at its end. */
export function periodFolder({ tenant, table, from, unit }: Period): string {
  const time = new Date(from * 1000).toISOString()
  const day = `${tenant}/${table}/day=${time.slice(0, 10)}/`
  return unit === 'day' ? day : `${day}hour=${time.slice(11, 13)}/`
}

/** Name of a file within the folder of its period. */
export const fileName = (revision: number): string => `r${revision}.parquet`
/** Name of a file. */
export const dataName = (period: Period, revision: number): string =>
  `${periodFolder(period)}${fileName(revision)}`
/** Name of its manifest. */
export const manifestName = (file: ExportedFile): string =>
  `${MANIFESTS}${periodFolder(file)}r${file.revision}-${file.rows}.json`

const MANIFEST =
  /^_manifests\/([^/]+)\/(\w+)\/day=(\d{4}-\d\d-\d\d)\/(?:hour=(\d\d)\/)?r([1-9]\d{0,8})-(\d{1,15})\.json$/
const DATA = /^([^/]+)\/(\w+)\/day=(\d{4}-\d\d-\d\d)\/(?:hour=(\d\d)\/)?r[1-9]\d{0,8}\.parquet$/

/** The file that a manifest is of; null for other names. */
export function readManifestName(name: string): ExportedFile | null {
  const found = MANIFEST.exec(name)
  const period = periodOf(found)
  return period === null ? null : { ...period, revision: Number(found![5]), rows: Number(found![6]) }
}

/** The period of a file; null for other names. */
export const readDataName = (name: string): Period | null => periodOf(DATA.exec(name))

function periodOf(found: RegExpExecArray | null): Period | null {
  const [, tenant = '', table = '', day = '', hour] = found ?? []
  const ms = Date.parse(`${day}T${hour ?? '00'}:00:00Z`)
  if (!TENANT.test(tenant) || Number.isNaN(ms)) return null
  return { tenant, table, from: ms / 1000, unit: hour === undefined ? 'day' : 'hour' }
}
