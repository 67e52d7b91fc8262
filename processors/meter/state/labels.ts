/** Labels of workloads: what the newest reading of each says. What readings say of their host's zone stands apart. */
import { ZONE_ATTRIBUTE } from '../../../core/model/zone.ts'
import { isBelow } from '../samples/samples.ts'
import type { HostState } from './host-state.ts'
import type { HostLookup, Readings, RowEntry, TextSymbols, WorkloadLookup } from './lookup.ts'

/** Before every reading. */
const NEVER = -1

/** Attributes that are kept of what readings of quantity `identity` say of one workload. */
const MOST_FACTS = 64

/** Takes labels from the rows of one record into the states of workloads. */
export class LabelUpdater {
  readonly #attributes: Readings['columns']['Attributes']
  readonly #keys: ReturnType<TextSymbols['columnOf']>
  readonly #values: ReturnType<TextSymbols['columnOf']>

  constructor({ columns }: Readings, symbols: TextSymbols) {
    this.#attributes = columns.Attributes
    this.#keys = symbols.columnOf('keys', columns.Attributes.keys)
    this.#values = symbols.columnOf('values', columns.Attributes.values)
  }

  /** The shortcut to a workload's labels; to no labels yet when it is new. */
  static workloadOf(host: HostLookup, key: string): WorkloadLookup {
    let workload = host.knownWorkloads.get(key)
    if (workload === undefined) {
      let labels = host.state.workloads.get(key)
      if (labels === undefined) {
        labels = { minute: NEVER, ns: 0, attributes: {} }
        host.state.workloads.set(key, labels)
        host.state.derived = null
      }
      workload = {
        at: host.workloads.length,
        labels,
        said: null,
        saidZone: '',
        refused: null,
        refusedZone: '',
        isRefusedPoorer: false,
      }
      host.workloads.push(workload)
      host.knownWorkloads.set(key, workload)
    }
    return workload
  }

  /**
   * Takes the labels of the newest of the readings that say most of who it is: owner and namespace, then namespace alone; of two at
   * one time the larger in text, so that order does not matter. Of two sources of one workload the one that knows it by its id
   * alone must not undo what decides who pays.
   * @returns the grid zone of the host that the row names; '' for none
   */
  update(state: HostState, workload: WorkloadLookup, row: number, minute: number, ns: number): string {
    const { labels } = workload
    const isOlder = isBelow(minute, ns, labels.minute, labels.ns)
    if (this.#saysTheSame(workload.said, row)) {
      if (!isOlder) {
        labels.minute = minute
        labels.ns = ns
      }
      return workload.saidZone
    }
    const mayBeKnown = isOlder || workload.isRefusedPoorer
    if (mayBeKnown && this.#saysTheSame(workload.refused, row)) return workload.refusedZone
    return this.#updateFrom(state, workload, row, minute, ns)
  }

  /** Adds what a row says to what is known of who the workload is; of different facts the later one counts. */
  addFacts(state: HostState, workload: WorkloadLookup, row: number, minute: number, ns: number): void {
    const { labels } = workload
    if (isBelow(labels.minute, labels.ns, minute, ns)) {
      labels.minute = minute
      labels.ns = ns
    }
    if (this.#saysTheSame(workload.said, row)) return
    workload.said = this.#symbolsOf(row)
    const { [ZONE_ATTRIBUTE]: _, ...said } = this.#attributes.get(row)
    const attributes = sorted({ ...labels.attributes, ...said })
    if (Object.keys(attributes).length > MOST_FACTS) return
    if (JSON.stringify(attributes) === JSON.stringify(labels.attributes)) return
    labels.attributes = attributes
    state.derived = null
  }

  /** The grid zone that a row of the host itself names; '' for none. */
  zoneOfHost(entry: RowEntry, row: number): string {
    const { offsets } = this.#attributes
    if (offsets[row] === offsets[row + 1]) return ''
    if (!this.#saysTheSame(entry.said, row)) {
      entry.said = this.#symbolsOf(row)
      entry.zone = this.#attributes.get(row)[ZONE_ATTRIBUTE] ?? ''
    }
    return entry.zone
  }

  /** Whether a row has no attributes. */
  isBare(row: number): boolean {
    const { offsets } = this.#attributes
    return offsets[row] === offsets[row + 1]
  }

  /** Whether a row has the attributes of the row before it. */
  repeats(row: number): boolean {
    const { offsets, keys, values } = this.#attributes
    const [before, from] = [offsets[row - 1]!, offsets[row]!]
    const count = from - before
    if (offsets[row + 1]! - from !== count) return false
    for (let at = 0; at < count; at++) {
      if (values.ids[before + at] !== values.ids[from + at]) return false
      if (keys.ids[before + at] !== keys.ids[from + at]) return false
    }
    return true
  }

  /** Compares symbols instead of texts: nearly every reading repeats known labels. */
  #saysTheSame(said: readonly number[] | null, row: number): boolean {
    if (said === null) return false
    const { offsets } = this.#attributes
    const from = offsets[row]!
    const count = offsets[row + 1]! - from
    if (said.length !== 2 * count) return false
    for (let at = 0; at < count; at++) {
      const [key, value] = [said[2 * at]!, said[2 * at + 1]!]
      if (this.#values.at(from + at, value) !== value || this.#keys.at(from + at, key) !== key) return false
    }
    return true
  }

  #updateFrom(state: HostState, workload: WorkloadLookup, row: number, minute: number, ns: number): string {
    const { labels } = workload
    const { [ZONE_ATTRIBUTE]: zone = '', ...labelled } = this.#attributes.get(row)
    const attributes = sorted(labelled)
    const [text, known] = [JSON.stringify(attributes), JSON.stringify(labels.attributes)]
    const isRicher = richness(attributes) - richness(labels.attributes)
    const isSameTime = minute === labels.minute && ns === labels.ns
    const isOlder = isBelow(minute, ns, labels.minute, labels.ns) || (isSameTime && text < known)
    if (isRicher < 0 || (isRicher === 0 && isOlder)) {
      workload.refused = this.#symbolsOf(row)
      workload.refusedZone = zone
      workload.isRefusedPoorer = isRicher < 0
      return zone
    }
    workload.refused = null
    workload.isRefusedPoorer = false
    labels.minute = minute
    labels.ns = ns
    workload.said = this.#symbolsOf(row)
    workload.saidZone = zone
    if (text !== known) {
      labels.attributes = attributes
      state.derived = null
    }
    return zone
  }

  #symbolsOf(row: number): number[] {
    const symbols: number[] = []
    const { offsets } = this.#attributes
    for (let at = offsets[row]!; at < offsets[row + 1]!; at++) {
      symbols.push(this.#keys.at(at, -1), this.#values.at(at, -1))
    }
    return symbols
  }
}

const sorted = (attributes: Readonly<Record<string, string>>): Record<string, string> =>
  Object.fromEntries(Object.entries(attributes).sort(([a], [b]) => (a < b ? -1 : 1)))

const richness = (attributes: Readonly<Record<string, string>>): number =>
  Number('workload.namespace' in attributes) + Number('k8s.owner.kind' in attributes)
