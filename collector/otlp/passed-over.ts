/** What a request holds that is not OTLP: ignored, as the specification wants it, but not without a word. */
import type { IngestResult, Signal } from '../intake/signals.ts'
import { ITEMS } from './export-response.ts'

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
    return `Fields that OTLP does not have there were passed over: ${names}.`
  }
}

/** For the client of a request of so many bytes in protobuf. A request that holds resources and no items is most often a mistake. */
export function notesOf(
  signal: Signal,
  bytes: number,
  { accepted, rejected }: IngestResult,
  passedOver: PassedOver,
): readonly string[] {
  const sentence = passedOver.sentence()
  const isVoid = bytes > 0 && accepted === 0 && rejected === 0
  return [
    ...(sentence === undefined ? [] : [sentence]),
    ...(isVoid ? [`The request holds no ${ITEMS[signal]}: nothing was stored.`] : []),
  ]
}
