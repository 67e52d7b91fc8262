/** The payloads of a run: each is made only from the seed and its number. */
import fc from 'fast-check'
import type { Encoding, Signal } from '../../collector/otlp/signals.ts'
import { encode, messageType } from '../collector/otlp/decode/otlp-proto.ts'
import { REQUEST_MESSAGES } from '../collector/otlp/decode/reference.ts'
import { logsRequest, metricsRequest, traceRequest } from '../collector/otlp/decode/requests.ts'
import { spoiled } from '../collector/otlp/decode/spoil.ts'
import { encodeOddly, seededRandom } from '../collector/otlp/decode/wire.ts'
import { oddJson } from '../collector/otlp/json/odd-json.ts'
import { Dice } from './dice.ts'
import { mutateBytes } from './mutate-bytes.ts'
import { type JsonSeed, mutateJson, parseJsonSeed } from './mutate-json.ts'
import { TreeMutator } from './mutate-tree.ts'
import { type FieldNode, parseTree } from './tree.ts'

/** Type of a body: OTLP in one of its encodings, or a snappy block of remote write in one of its versions. */
export type FuzzEncoding = Encoding | 'write1' | 'write2'

export interface FuzzCase {
  readonly encoding: FuzzEncoding
  /** Valid until the next case is made. */
  readonly bytes: Uint8Array
}

/** Cases of one seed by their number. */
export interface Cases {
  at(index: number): FuzzCase
}

const REQUESTS: Readonly<Record<Signal, fc.Arbitrary<object>>> = {
  traces: traceRequest,
  metrics: metricsRequest,
  logs: logsRequest,
}
/**
 * Valid requests that everything else is derived from. They are small: their content is odd enough, and a case costs
 * less.
 */
const SEEDS = 300
const MIN_SEED_BYTES = 80
const MAX_SEED_BYTES = 800
/** One in this many cases is OTLP/JSON, which costs several times as much. */
const JSON_ONE_IN = 8

export class FuzzCases implements Cases {
  readonly #seed: number
  readonly #dice = new Dice()
  readonly #trees: readonly FieldNode[]
  readonly #texts: readonly JsonSeed[]
  readonly #mutator: TreeMutator

  constructor(signal: Signal, seed: number) {
    this.#seed = seed
    const name = REQUEST_MESSAGES[signal]
    const requests = fc
      .sample(REQUESTS[signal], { seed, numRuns: SEEDS * 8 })
      .map((request, at) => (at % 5 === 0 ? spoiled(request, seededRandom(seed + at)) : request))
    const encoded = requests.map((request, at) => ({
      request,
      bytes: new Uint8Array(
        at % 2 === 0 ? encode(name, request) : encodeOddly(name, request, seededRandom(seed + at)),
      ),
    }))
    const small = encoded
      .filter(({ bytes }) => bytes.length >= MIN_SEED_BYTES && bytes.length <= MAX_SEED_BYTES)
      .slice(0, SEEDS)
    this.#trees = small.map(({ bytes }) => parseTree(messageType(name), bytes))
    this.#texts = small.map(({ request }, at) =>
      parseJsonSeed(oddJson(name, request, seededRandom(seed + at))),
    )
    this.#mutator = new TreeMutator(this.#dice, this.#trees)
  }

  at(index: number): FuzzCase {
    const dice = this.#dice
    dice.start(this.#seed, index)
    if (dice.once(JSON_ONE_IN)) return { encoding: 'json', bytes: this.#json() }
    const tree = dice.pick(this.#trees)
    // A tenth is unchanged: bad requests must not affect the good ones between them.
    const kind = dice.below(10)
    if (kind === 0) return { encoding: 'protobuf', bytes: tree.bytes }
    const bytes = kind < 7 ? this.#mutator.mutated(tree, 1 + dice.below(3)) : tree.bytes
    if (kind < 5) return { encoding: 'protobuf', bytes }
    return {
      encoding: 'protobuf',
      bytes: mutateBytes(bytes, dice.pick(this.#trees).bytes, 1 + dice.below(3), dice),
    }
  }

  #json(): Uint8Array {
    const dice = this.#dice
    const text = dice.pick(this.#texts)
    const kind = dice.below(4)
    const bytes = Buffer.from(kind === 0 ? text.text : mutateJson(text, 1 + dice.below(2), dice))
    if (kind !== 3) return bytes
    return mutateBytes(bytes, Buffer.from(dice.pick(this.#texts).text), 1 + dice.below(2), dice)
  }
}
