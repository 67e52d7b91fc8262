/** One partition of the log while it is read again: what is passed over, and how many rows are back. */
import type { AssignedPartition, StoredRecord } from '../../core/broker/broker.ts'
import { readColumn } from '../../core/columns/record-reader.ts'
import { type StreamDeclaration, tablesOf } from '../../core/model/streams/stream.ts'
import type { Restoring } from '../../core/runtime/losses.ts'
import type { Warehouse } from '../../core/warehouse/warehouse.ts'
import type { Step } from '../loop/step.ts'
import { decodeRewind, encodeRewind, isWanted, REWIND, type Rewind } from './rewind.ts'

type Restored = (place: string, progress: Restoring) => Promise<void>

interface RewindingOptions {
  readonly warehouse: Warehouse
  readonly restored?: Restored
}

/** Progress of one partition that is read again. `restored` reports it after each poll. */
export class Rewinding {
  readonly restored: Restored
  readonly #place: string
  readonly #stream: StreamDeclaration
  readonly #warehouse: Warehouse
  readonly #committed: Rewind
  /** Offset -> rows that came back with it, of this poll: one that is done twice counts once. */
  readonly #rows = new Map<bigint, number>()
  #before: number

  private constructor(
    partition: Pick<AssignedPartition, 'stream' | 'partition'>,
    stream: StreamDeclaration,
    rewind: Rewind,
    options: RewindingOptions,
  ) {
    this.#place = `${partition.stream}/${partition.partition}`
    this.#stream = stream
    this.#warehouse = options.warehouse
    this.restored = options.restored ?? (async () => undefined)
    this.#committed = rewind
    this.#before = rewind.rows
  }

  /** Null: the partition is not read again. */
  static async open(
    state: ReadonlyMap<string, Uint8Array>,
    partition: Pick<AssignedPartition, 'stream' | 'partition'>,
    stream: StreamDeclaration,
    options: RewindingOptions,
  ): Promise<Rewinding | null> {
    const rewind = decodeRewind(state)
    if (rewind === null) return null
    const rewinding = new Rewinding(partition, stream, rewind, options)
    // All of it was passed over, and nothing came since.
    if (rewind.wanted.length === 0) await rewinding.#tell(0, true)
    return rewinding
  }

  /** Whether the tables have the record, as far as is known. */
  passesOver(offset: bigint): boolean {
    return offset < this.#committed.until && !isWanted(this.#committed, offset)
  }

  /** Counts what a record brought back. */
  async stored({ offset, value }: StoredRecord, token: string): Promise<void> {
    const { above, counted, until } = this.#committed
    if (offset >= until || (counted !== null && offset >= counted)) return
    const rows = await this.#warehouse.files?.storedRows(this.#stream.table?.name ?? '', token, above)
    this.#rows.set(offset, rows ?? rowsOf(this.#stream, value))
  }

  /** Before the commit of `next`; true when all is done. */
  async finish(next: bigint, step: Step): Promise<boolean> {
    const rows = [...this.#rows.values()].reduce((sum, count) => sum + count, this.#before)
    const isDone = next >= this.#committed.until
    // Reported first: after a kill in between, the same progress is reported again.
    await this.#tell(rows, isDone)
    step.state.set(REWIND, isDone ? null : encodeRewind({ ...this.#committed, rows }))
    this.#rows.clear()
    this.#before = rows
    return isDone
  }

  async #tell(rows: number, isDone: boolean): Promise<void> {
    for (const { table } of tablesOf(this.#stream)) {
      const name = table?.name ?? ''
      if (this.#stream.holds === undefined) await this.restored(this.#place, { table: name, rows, isDone })
      else await this.restored(`${this.#place} ${name}`, { table: name, rows: isDone ? null : 0, isDone })
    }
  }
}

const rowsOf = (stream: StreamDeclaration, value: Uint8Array): number =>
  readColumn(stream, value, stream.columns[0]?.name ?? '').length
