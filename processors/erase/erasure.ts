/** One erasure: what was asked for, and how far it is. Kept as JSON, so that a restart goes on with it. */
import type { ErasureAnswer, ErasureLeft } from '../../core/api/answers.ts'
import { digest } from '../../core/model/digest.ts'

/** As it is kept in `erasures/ID.json` of the data folder; `left` counts what still has to go. */
export interface ErasureState {
  readonly id: string
  /** Null once it is done. */
  tenant: string | null
  readonly tenantSha256: string
  readonly beforeMs: number | null
  /** Also delete quarantined records that cannot be read, of whichever tenant they are. */
  readonly dropUnreadable: boolean
  readonly startedMs: number
  finishedMs: number | null
  step: ErasureAnswer['step']
  erased: Record<string, number>
  left: ErasureLeft
  logExpiresMs: number | null
}

/** What is asked for. `beforeMs`: only rows of events before then, unix milliseconds; null: all. */
export interface ErasureRequest {
  readonly tenant: string
  readonly beforeMs: number | null
  readonly dropUnreadable: boolean
}

/** An erasure that has not begun. It keeps the tenant's SHA-256, so that the record outlives the name. */
export const newErasure = (request: ErasureRequest, id: string, nowMs: number): ErasureState => ({
  ...request,
  id,
  tenantSha256: digest(request.tenant, 64),
  startedMs: nowMs,
  finishedMs: null,
  step: 'reading',
  erased: {},
  left: { rows: 0, log_records: 0, old_parts: 0, unreadable: 0 },
  logExpiresMs: null,
})

/** `doing` and `problem` describe the present moment and are not stored. */
export const erasureAnswer = (
  erasure: ErasureState,
  doing: string,
  problem: string | null,
): ErasureAnswer => ({
  id: erasure.id,
  tenant: erasure.tenant,
  tenant_sha256: erasure.tenantSha256,
  before: textOf(erasure.beforeMs),
  started: new Date(erasure.startedMs).toISOString(),
  finished: textOf(erasure.finishedMs),
  step: erasure.step,
  doing,
  problem,
  erased: erasure.erased,
  left: erasure.left,
  log_expires: textOf(erasure.logExpiresMs),
})

const textOf = (ms: number | null): string | null => (ms === null ? null : new Date(ms).toISOString())
