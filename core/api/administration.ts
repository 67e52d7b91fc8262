/** `/api/v1/snapshots`: what `wattline backup` copies from the data folder. */
export interface SnapshotAnswer {
  readonly id: string
  readonly taken_at: string
  /** How long inserts into the tables were held. */
  readonly held_ms: number
  /** Data folder of the process, as it sees it. */
  readonly data: string
  /** Whether it is whole, and can be copied. */
  readonly ready: boolean
}

/** `/api/v1/erasures`: what was, or is being, erased of a tenant. */
export interface ErasureAnswer {
  readonly id: string
  /** Null once it is done: a record of an erasure names no tenant. */
  readonly tenant: string | null
  /** SHA-256 of the tenant's name, hexadecimal. */
  readonly tenant_sha256: string
  /** Only what happened earlier; null: all. */
  readonly before: string | null
  readonly started: string
  readonly finished: string | null
  readonly step: 'reading' | 'tables' | 'quarantine' | 'log' | 'files' | 'done'
  /** What the step is at, for people. */
  readonly doing: string
  /** Why it does not get on; it tries again by itself. */
  readonly problem: string | null
  /** Rows that were erased, by table. */
  readonly erased: Readonly<Record<string, number>>
  /** What is left: all 0 is the proof. */
  readonly left: ErasureLeft
  /** Kafka alone: when the last record that may hold the tenant's rows expires there. */
  readonly log_expires: string | null
}

/** What an erasure still has to remove, over everything the tenant has in tables, log and quarantine. */
export interface ErasureLeft {
  /** Rows, over all tables. */
  readonly rows: number
  /** Records of the log that were there when it began. */
  readonly log_records: number
  /** Parts of tables that held rows and wait to be removed from the disk. */
  readonly old_parts: number
  /** Records in quarantine that cannot be read, and so not searched. */
  readonly unreadable: number
}
