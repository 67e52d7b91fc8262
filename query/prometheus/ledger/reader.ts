/** Reads series of the ledger. A series ends where its host has a window without it: there it gets a stale marker. */
import type { SampleChunk } from '../../promql/index.ts'
import { floatsOf, type NativeBlock, numbersOf, textAt } from '../native/columns.ts'
import { type Ask, ChunkBuilder, type Selected, type SeriesReader } from '../reading/reader.ts'
import { type ListedPart, ledgerChoices, listLedger, partKey } from './listing.ts'
import type { LedgerPart, LedgerSeries } from './series.ts'
import { labelColumns, newestWindowsStatement, windowsOf, windowsStatement } from './statement.ts'

/** Rows of a chunk, about. */
const CHUNK_ROWS = 65_536

/** Readers of the parts that the matchers select. */
export async function openLedger(ask: Ask, need: Selected): Promise<readonly SeriesReader[]> {
  const parts = await listLedger(ask, ledgerChoices(need.matchers), need)
  return parts.map(part => readerOf(ask, part, need))
}

function readerOf(ask: Ask, listed: ListedPart, need: Selected): SeriesReader {
  const { series, part, hosts, places } = listed
  return {
    series: listed.labels,
    async samples(fromMs, toMs, push) {
      // One window more: its samples tell which series end at the beginning.
      const widened = windowsOf(series, fromMs - series.seconds * 1000, toMs)
      const newest = await newestWindows(ask, series, widened)
      const runs = new WindowRuns({ series, hosts, newest, fromMs, toMs, push })
      for await (const block of ask(windowsStatement(series, part, need.matchers, widened)))
        addBlock(runs, block, part, places)
      runs.end()
    },
  }
}

async function newestWindows(
  ask: Ask,
  series: LedgerSeries,
  windows: { readonly from: number; readonly to: number },
): Promise<ReadonlyMap<string, number>> {
  const newest = new Map<string, number>()
  for await (const block of ask(newestWindowsStatement(series, windows))) {
    const starts = numbersOf(block, 1)
    for (let row = 0; row < block.rows; row += 1) newest.set(textAt(block, 0, row), starts[row]!)
  }
  return newest
}

function addBlock(
  runs: WindowRuns,
  block: NativeBlock,
  part: LedgerPart,
  found: ReadonlyMap<string, number>,
): void {
  const width = labelColumns(part).length
  const starts = numbersOf(block, width)
  const values = floatsOf(block, width + 1)
  for (let row = 0; row < block.rows; row += 1) {
    const id = found.get(keyAt(block, row, part))
    if (id !== undefined) runs.add(id, starts[row]!, values[row]!)
  }
}

const keyAt = (block: NativeBlock, row: number, part: LedgerPart): string =>
  partKey(labelColumns(part).map((_, column) => textAt(block, column, row)))

interface RunsOptions {
  readonly series: LedgerSeries
  /** Host of each series. */
  readonly hosts: readonly string[]
  /** Start of the newest window of each host. */
  readonly newest: ReadonlyMap<string, number>
  readonly fromMs: number
  readonly toMs: number
  readonly push: (chunk: SampleChunk) => void
}

/** Windows of one series after another, as chunks, with a stale marker where a series ends. */
class WindowRuns {
  readonly #options: RunsOptions
  #chunk = new ChunkBuilder()
  #id = -1
  #lastStart = 0

  constructor(options: RunsOptions) {
    this.#options = options
  }

  add(id: number, start: number, value: number): void {
    const { series } = this.#options
    if (id !== this.#id) {
      this.#close()
      if (this.#chunk.rows > CHUNK_ROWS) this.#flush()
      this.#id = id
      this.#chunk.begin(id)
    } else if (start !== this.#lastStart + series.seconds) this.#markEnd()
    this.#lastStart = start
    const timeMs = (start + series.seconds) * 1000
    if (timeMs > this.#options.fromMs && timeMs <= this.#options.toMs) this.#chunk.add(timeMs, value)
  }

  end(): void {
    this.#close()
    this.#flush()
  }

  #close(): void {
    if (this.#id >= 0) this.#markEnd()
    this.#id = -1
  }

  /** The next window of the host exists and has nothing of the series. */
  #markEnd(): void {
    const { series, hosts, newest, fromMs, toMs } = this.#options
    const next = this.#lastStart + series.seconds
    if ((newest.get(hosts[this.#id]!) ?? 0) < next) return
    const timeMs = (next + series.seconds) * 1000
    if (timeMs > fromMs && timeMs <= toMs) this.#chunk.addStale(timeMs)
  }

  #flush(): void {
    if (this.#chunk.rows > 0) this.#options.push(this.#chunk.chunk())
    this.#chunk = new ChunkBuilder()
  }
}
