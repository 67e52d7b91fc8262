/** Words for people about workloads: what the newest reading of each says. */
import type { RecordView } from '../../../core/columns/record-reader.ts'
import type { readings } from '../../../core/model/streams/index.ts'
import { isBelow } from '../samples/samples.ts'
import type { HostState } from './host-state.ts'
import type { HostLookup, Symbols, WorkloadLookup } from './lookup.ts'

type Readings = RecordView<typeof readings>

/** Before every reading. */
const NEVER = -1

export class WordTaker {
  readonly #attributes: Readings['columns']['Attributes']
  readonly #keys: ReturnType<Symbols['columnOf']>
  readonly #values: ReturnType<Symbols['columnOf']>

  constructor({ columns }: Readings, symbols: Symbols) {
    this.#attributes = columns.Attributes
    this.#keys = symbols.columnOf(columns.Attributes.keys)
    this.#values = symbols.columnOf(columns.Attributes.values)
  }

  /** The shortcut to a workload's words; to no words yet when it is new. */
  static workloadOf(host: HostLookup, key: string): WorkloadLookup {
    let workload = host.workloads.get(key)
    if (workload === undefined) {
      let words = host.state.workloads.get(key)
      if (words === undefined) {
        words = { minute: NEVER, ns: 0, attributes: {} }
        host.state.workloads.set(key, words)
        host.state.derived = null
      }
      workload = { words, said: null, refused: null, isRefusedPoorer: false }
      host.workloads.set(key, workload)
    }
    return workload
  }

  /**
   * Words of the newest reading that names a namespace, else of the newest; of two at one time the larger in text, so that
   * order does not matter. Of two sources of one workload the one that knows it by its id alone must not undo what decides
   * who pays.
   */
  take(state: HostState, workload: WorkloadLookup, row: number, minute: number, ns: number): void {
    const { words } = workload
    const isOlder = isBelow(minute, ns, words.minute, words.ns)
    if (!this.#saysTheSame(workload.said, row)) {
      if (!(isOlder || workload.isRefusedPoorer) || !this.#saysTheSame(workload.refused, row)) {
        this.#takeNew(state, workload, row, minute, ns)
      }
    } else if (!isOlder) {
      words.minute = minute
      words.ns = ns
    }
  }

  /** Without making texts: nearly every reading repeats what is known. */
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

  #takeNew(state: HostState, workload: WorkloadLookup, row: number, minute: number, ns: number): void {
    const { words } = workload
    const attributes = sorted(this.#attributes.get(row))
    const [text, known] = [JSON.stringify(attributes), JSON.stringify(words.attributes)]
    const isRicher = Number(hasNamespace(attributes)) - Number(hasNamespace(words.attributes))
    const isSameTime = minute === words.minute && ns === words.ns
    const isOlder = isBelow(minute, ns, words.minute, words.ns) || (isSameTime && text < known)
    if (isRicher < 0 || (isRicher === 0 && isOlder)) {
      workload.refused = this.#symbolsOf(row)
      workload.isRefusedPoorer = isRicher < 0
      return
    }
    workload.refused = null
    workload.isRefusedPoorer = false
    words.minute = minute
    words.ns = ns
    workload.said = this.#symbolsOf(row)
    if (text === known) return
    words.attributes = attributes
    state.derived = null
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

const hasNamespace = (attributes: Readonly<Record<string, string>>): boolean =>
  'workload.namespace' in attributes
