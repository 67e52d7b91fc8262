/** `/api/v1/quarantine?stream=&limit=`: quarantined records, newest first. */
export interface QuarantineAnswer {
  readonly records: readonly QuarantineEntry[]
  /** `limit` omitted records. */
  readonly truncated: boolean
}

/** A record that at least one processor has quarantined. */
interface QuarantineEntry {
  readonly stream: string
  readonly partition: number
  readonly offset: string
  /** When the record was created. */
  readonly made: string
  readonly processors: readonly string[]
  /** Error code of one of the processors. */
  readonly code: string
  readonly error: string
  readonly bytes: number
  readonly replay: QuarantineReplay
}

/** Whether the record has been appended to its stream again since it was quarantined. */
export interface QuarantineReplay {
  /** unknown: a replay began and was not recorded as done, so the record may or may not be in the log again. */
  readonly state: 'none' | 'done' | 'unknown'
  /** How often it was appended again, and the last position, `traces/0/25`. */
  readonly times: number
  readonly place: string | null
}

/** `/api/v1/quarantine/{stream}/{partition}/{offset}` */
export interface QuarantinedRecordAnswer extends QuarantineEntry {
  readonly errors: readonly { readonly processor: string; readonly code: string; readonly error: string }[]
  /** Null in streams without keys. */
  readonly key: string | null
  readonly headers: Readonly<Record<string, string>>
  /** The log could not read the complete record: these bytes are all that was left of it. */
  readonly damaged: boolean
  /**
   * The position has identified different records, because the log was replaced by another one; this is one of them.
   */
  readonly ambiguous: boolean
  /** The record's bytes, base64. */
  readonly record: string
}

/** `POST /api/v1/quarantine/{stream}/{partition}/{offset}/replay` */
export interface ReplayAnswer {
  readonly from: string
  /** The record's new position in the log. */
  readonly to: string
  readonly processors: readonly string[]
}
