import { digest } from './digest.ts'

/** Identifies a ledger entry: two entries with the same key are the same entry, written twice. */
export interface EntryKey {
  readonly tenant: string
  readonly host: string
  /** Seconds since the epoch. */
  readonly windowStart: number
  readonly workloadKind: string
  readonly workloadId: string
  readonly component: string
  readonly share: string
  readonly entryKind: 'original' | 'correction'
  readonly revision: number
  /**
   * After the log was lost, the meter starts over, and its entry for a minute that was booked before is a different
   * entry. This is the identity of the log since then; '' if none was lost.
   */
  readonly history: string
}

/** 128 bits. */
export const ENTRY_ID_DIGITS = 32

/** 128 bits of the key's hash, hex. JSON separates the parts whatever they contain. */
export const entryId = (key: EntryKey): string =>
  digest(
    JSON.stringify([
      key.tenant,
      key.host,
      key.windowStart,
      key.workloadKind,
      key.workloadId,
      key.component,
      key.share,
      key.entryKind,
      key.revision,
      ...(key.history === '' ? [] : [key.history]),
    ]),
    ENTRY_ID_DIGITS,
  )
