/** What a request holds that is not OTLP: ignored, as the specification wants it, but not without a word. */

import { ENVELOPE, ENVELOPE_TAG } from '../../core/protobuf/otlp/fields.ts'
import { ProtobufReader } from '../../core/protobuf/reader.ts'
import { ITEMS } from './export-response.ts'
import type { IngestResult, Signal } from './signals.ts'

/** Named in an answer; the others are counted. */
const NAMED = 5
const NAME_CHARACTERS = 200

/** Unknown fields of one request that may have held items. */
export class PassedOver {
  readonly #named: string[] = []
  #count = 0

  readonly add = (path: string): void => {
    this.#count += 1
    if (this.#named.length < NAMED) this.#named.push(path.slice(0, NAME_CHARACTERS))
  }

  sentence(): string | undefined {
    if (this.#count === 0) return undefined
    const more = this.#count - this.#named.length
    const names = this.#named.join(', ') + (more > 0 ? ` and ${more} more` : '')
    return `Fields that OTLP does not define were ignored: ${names}.`
  }
}

/**
 * For the client of a request, given in protobuf. That nothing was stored of more than resources is most often a mistake.
 * Resources alone are none: SDKs send them while they have no metrics, and log each answer that says anything.
 */
export function notesOf(
  signal: Signal,
  body: Uint8Array,
  { accepted, rejected }: IngestResult,
  passedOver: PassedOver,
): readonly string[] {
  const sentence = passedOver.sentence()
  const isVoid = accepted === 0 && rejected === 0 && holdsMoreThanResources(body)
  return [
    ...(sentence === undefined ? [] : [sentence]),
    ...(isVoid ? [`The request holds no ${ITEMS[signal]}: nothing was stored.`] : []),
  ]
}

/** Of a ResourceX, besides its members. */
const DESCRIBING = new Set([ENVELOPE.description, ENVELOPE.schemaUrl])

function holdsMoreThanResources(body: Uint8Array): boolean {
  const reader = new ProtobufReader(body)
  const { length } = body
  for (let tag = reader.tag(length); tag !== 0; tag = reader.tag(length)) {
    if (tag !== ENVELOPE_TAG.resources) return true
    const end = reader.length(length)
    for (let inner = reader.tag(end); inner !== 0; inner = reader.tag(end)) {
      if (!DESCRIBING.has(inner >>> 3)) return true
      reader.skip(inner, end, 0)
    }
  }
  return false
}
