/** Parts of a request that are not OTLP: ignored, as the specification requires, but reported. */

import { ENVELOPE, ENVELOPE_TAG } from '../../core/protobuf/otlp/fields.ts'
import { ProtobufReader } from '../../core/protobuf/reader.ts'
import { ITEMS } from './export-response.ts'
import type { IngestResult, Signal } from './signals.ts'

/** Number of names listed in an answer; the others are counted. */
const NAMED = 5
const NAME_CHARACTERS = 200

/** Unknown fields of one request that may contain items. */
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
 * Notes for the client about a request, given in protobuf. If it contains more than resources but nothing was stored,
 * that is usually a mistake. Resources alone are not: SDKs send them while they have no metrics, and log every answer
 * with a message.
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
    ...(isVoid ? [`The request contains no ${ITEMS[signal]}: nothing was stored.`] : []),
  ]
}

/** Fields of a ResourceX other than its members. */
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
