/**
 * Dies whose counters are one: some processors (AMD) have a counter a package, which the kernel shows again for each die. Then
 * what a second die shows lies between two readings of the first, made just before and after; dies with counters of their own
 * come that near to each other by chance at most once, and never stay there.
 */

const MICROJOULES = 1_000_000n
/** Counters that are further apart than this are not one, however slowly they are updated. */
const FAR_UJ = 1_000n * MICROJOULES
/** Rounds in which counters that are near must be seen to be the same, else they are not. */
const UNDECIDED_ROUNDS = 6

interface DieRound {
  /** The first die, read before and after this one. */
  readonly before: bigint
  readonly value: bigint
  readonly after: bigint
  /** Where counters of the zone wrap. */
  readonly rangeMax: bigint
}

/** Says of a die, round after round, whether it is the first die again. */
export class DieTwin {
  #state: 'undecided' | 'twin' | 'own' = 'undecided'
  #rounds = 0
  #farRounds = 0
  #last: bigint | null = null

  /** Whether the die's counter is to be left out of this round: it is the first die's, or may be. */
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

  /** One round may have fallen between two updates, or into a reset of one of them. */
  #doubt(apartUj: bigint, roseUj: bigint): void {
    this.#farRounds = apartUj > FAR_UJ + 10n * roseUj ? this.#farRounds + 1 : 0
    if (this.#farRounds > 1) this.#state = 'own'
  }
}

/** Around the wrap too. */
function distance(a: bigint, b: bigint, rangeMax: bigint): bigint {
  const apart = a > b ? a - b : b - a
  const around = rangeMax - apart
  return around >= 0n && around < apart ? around : apart
}
