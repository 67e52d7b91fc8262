/** `/api/v1/snapshots`: the snapshot that `wattline backup` copies from the data folder. */
export interface SnapshotAnswer {
  readonly id: string
  readonly taken_at: string
  /** How long inserts into the tables were paused. */
  readonly held_ms: number
  /** Data folder of the process, as the process sees it. */
  readonly data: string
  /** Whether the snapshot is complete and can be copied. */
  readonly ready: boolean
}

/** `/api/v1/erasures`: an erasure of a tenant, running or done. */
export interface ErasureAnswer {
  readonly id: string
  /** Null once it is done: the record of an erasure does not name the tenant. */
  readonly tenant: string | null
  /** SHA-256 of the tenant's name, hexadecimal. */
  readonly tenant_sha256: string
  /** Erases only data from before this time; null: all. */
  readonly before: string | null
  readonly started: string
  readonly finished: string | null
  readonly step: 'reading' | 'tables' | 'quarantine' | 'log' | 'files' | 'done'
  /** The current step, for people. */
  readonly doing: string
  /** Why it makes no progress; it retries by itself. */
  readonly problem: string | null
  /** Erased rows, by table. */
  readonly erased: Readonly<Record<string, number>>
  /** What is left to erase: all 0 is the proof. */
  readonly left: ErasureLeft
  /** Kafka only: when the last record that may hold the tenant's rows expires there. */
  readonly log_expires: string | null
}

/** What an erasure still has to remove of the tenant, in tables, log and quarantine. */
export interface ErasureLeft {
  /** Rows, over all tables. */
  readonly rows: number
  /** Records that were in the log when the erasure began. */
  readonly log_records: number
  /** Parts of tables that held rows and are not yet removed from the disk. */
  readonly old_parts: number
  /** Records in quarantine that cannot be read and therefore not searched. */
  readonly unreadable: number
}
