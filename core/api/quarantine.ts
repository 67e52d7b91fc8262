/** `/api/v1/quarantine?stream=&limit=`: records that were set aside, the latest made first. */
export interface QuarantineAnswer {
  readonly records: readonly QuarantineEntry[]
  /** `limit` left records out. */
  readonly truncated: boolean
}

/** A record that at least one processor has set aside. */
interface QuarantineEntry {
  readonly stream: string
  readonly partition: number
  readonly offset: string
  /** When the record was made. */
  readonly made: string
  readonly processors: readonly string[]
  /** Of one of the processors. */
  readonly code: string
  readonly error: string
  readonly bytes: number
  readonly replay: QuarantineReplay
}

/** Whether the record has been appended to its stream again since it was quarantined. */
export interface QuarantineReplay {
  /** unknown: one was begun and not noted as done, so that the record may be in the log again or not. */
  readonly state: 'none' | 'done' | 'unknown'
  /** How often it was appended again, and the place of the last time, `traces/0/25`. */
  readonly times: number
  readonly place: string | null
}

/** `/api/v1/quarantine/{stream}/{partition}/{offset}` */
export interface QuarantinedRecordAnswer extends QuarantineEntry {
  readonly errors: readonly { readonly processor: string; readonly code: string; readonly error: string }[]
  /** Null in streams without keys. */
  readonly key: string | null
  readonly headers: Readonly<Record<string, string>>
  /** The log could not read the record back whole: these bytes are what was left of it. */
  readonly damaged: boolean
  /** The place has named different records, since the log was changed for another one; this is one of them. */
  readonly ambiguous: boolean
  /** The record's bytes, base64. */
  readonly record: string
}

/** `POST /api/v1/quarantine/{stream}/{partition}/{offset}/replay` */
export interface ReplayAnswer {
  readonly from: string
  /** Where the record lies in the log now. */
  readonly to: string
  readonly processors: readonly string[]
}
