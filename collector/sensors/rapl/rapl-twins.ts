/**
 * Detects dies that share a counter: some processors (AMD) have one counter per package, which the kernel shows again
 * for each die. A second die's value then lies between two readings of the first one, made just before and after. Dies
 * with separate counters come that close at most once, by chance, and never stay there.
 */

const MICROJOULES = 1_000_000n
/** Counters that differ by more than this are not the same, however slowly they are updated. */
const FAR_UJ = 1_000n * MICROJOULES
/** Number of rounds in which nearby counters must prove to be the same; otherwise they are not. */
const UNDECIDED_ROUNDS = 6

interface DieRound {
  /** The first die's value, read before and after this one. */
  readonly before: bigint
  readonly value: bigint
  readonly after: bigint
  /** Value after which the zone's counters wrap. */
  readonly rangeMax: bigint
}

/** Decides, round after round, whether a die is the first die again. */
export class DieTwin {
  #state: 'undecided' | 'twin' | 'own' = 'undecided'
  #rounds = 0
  #farRounds = 0
  #last: bigint | null = null

  /** Whether the die's counter must be left out of this round: it is the first die's, or may be. */
  isWithheld({ before, value, after, rangeMax }: DieRound): boolean {
    const roseUj = this.#last === null ? 0n : distance(this.#last, before, rangeMax)
    this.#last = before
    this.#rounds += 1
    const isSame = before <= after && before <= value && value <= after
    const apartUj = distance(value, before, rangeMax)
    if (this.#state === 'undecided') this.#decide(isSame, apartUj, roseUj)
    else if (this.#state === 'twin') this.#doubt(apartUj, roseUj)
    return this.#state !== 'own'
  }

  #decide(isSame: boolean, apartUj: bigint, roseUj: bigint): void {
    const isNear = apartUj <= roseUj + MICROJOULES || (this.#rounds === 1 && apartUj <= FAR_UJ)
    if (isSame) this.#state = 'twin'
    else if (!isNear || this.#rounds >= UNDECIDED_ROUNDS) this.#state = 'own'
  }

  /** One round may have fallen between two updates, or into a reset of one of the counters. */
  #doubt(apartUj: bigint, roseUj: bigint): void {
    this.#farRounds = apartUj > FAR_UJ + 10n * roseUj ? this.#farRounds + 1 : 0
    if (this.#farRounds > 1) this.#state = 'own'
  }
}

/** Also across the wrap. */
function distance(a: bigint, b: bigint, rangeMax: bigint): bigint {
  const apart = a > b ? a - b : b - a
  const around = rangeMax - apart
  return around >= 0n && around < apart ? around : apart
}
