/** Reads the samples of a query slice by slice, and keeps what the next slice looks back at. */
import type { Environment } from '../functions/environment.ts'
import { compareLabels, type Labels } from '../model/labels.ts'
import type { Grid } from '../series/grid.ts'
import { endOf } from '../series/grid.ts'
import type { SampleSource } from '../series/source.ts'
import { emptyStore, type Ingestion, type Store, StoreBuilder } from '../series/store.ts'
import type { Plan } from './plan.ts'

/** One selector: its series in the order of results, and the samples of the current slice. */
interface SelectedSeries {
  store: Store
  /** The store before: its arrays are used for the next one. */
  before: Store | undefined
  readonly rowOf: Int32Array
  readonly how: Ingestion
  /** Up to where samples were read. */
  readToMs: number
}

export class SelectorReader {
  readonly #plan: Plan
  readonly #source: SampleSource
  readonly #env: Environment
  readonly #selected: SelectedSeries[] = []

  constructor(plan: Plan, source: SampleSource, env: Environment) {
    this.#plan = plan
    this.#source = source
    this.#env = env
  }

  storeOf(id: number): Store {
    const selected = this.#selected[id]
    if (selected === undefined) throw new Error(`Selector ${id} was not read`)
    return selected.store
  }

  /** Reads which series there are. */
  async open(): Promise<void> {
    for (const need of this.#plan.selectors) {
      const found = await this.#source.series(need)
      this.#env.budget.checkNow()
      const order = found.map((_, position) => position)
      order.sort((a, b) => compareLabels(found[a] ?? [], found[b] ?? []))
      const rowOf = new Int32Array(found.length)
      for (const [row, position] of order.entries()) rowOf[position] = row
      const labels: readonly Labels[] = order.map(position => found[position] ?? [])
      this.#selected.push({
        store: emptyStore(labels),
        before: undefined,
        rowOf,
        how: {
          keepsStale: this.#plan.windows[need.id]?.keepsStale === true,
          lastOf: this.#plan.windows[need.id]?.isStatsOnly === true ? new Map() : undefined,
        },
        readToMs: Number.NEGATIVE_INFINITY,
      })
    }
  }

  /** Reads what the steps of a slice need. */
  async advance(grid: Grid): Promise<void> {
    let held = 0
    for (const need of this.#plan.selectors) {
      const selected = this.#selected[need.id]
      const window = this.#plan.windows[need.id]
      if (selected === undefined || window === undefined) continue
      const [first, last] = window.isFixed ? [0, 0] : [grid.startMs, endOf(grid)]
      await this.#read(need.id, selected, first + window.fromMs, last + window.toMs)
      held += selected.store.times.length + selected.store.histograms.length
    }
    this.#env.budget.release(0, held)
  }

  async #read(id: number, selected: SelectedSeries, fromMs: number, toMs: number): Promise<void> {
    const need = this.#plan.selectors[id]
    const from = Math.max(fromMs, selected.readToMs)
    if (need === undefined || toMs <= from) return
    const builder = new StoreBuilder(selected.store, selected.rowOf, selected.how)
    const before = this.#env.budget.held
    await this.#source.samples(need, from, toMs, chunk => {
      builder.push(chunk)
      // Counted as they come in, so that a query that reads too much ends before it has.
      this.#env.budget.release(before, builder.samples)
      this.#env.budget.check()
    })
    this.#env.budget.checkNow()
    const store = builder.build(fromMs, selected.before)
    selected.before = selected.store
    selected.store = store
    selected.readToMs = toMs
  }
}
