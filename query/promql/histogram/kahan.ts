/** Sums that keep what rounding loses. */

/** A sum after Kahan, with Neumaier's improvement: the larger of the two addends keeps its low digits. */
export class KahanSum {
  sum: number
  lost: number

  constructor(sum = 0, lost = 0) {
    this.sum = sum
    this.lost = lost
  }

  add(increment: number): void {
    const { sum } = this
    const total = sum + increment
    if (total > Number.MAX_VALUE || total < -Number.MAX_VALUE) this.lost = 0
    else if (Math.abs(sum) >= Math.abs(increment)) this.lost += sum - total + increment
    else this.lost += increment - total + sum
    this.sum = total
  }

  /** The sum with what was lost. */
  get total(): number {
    return this.sum + this.lost
  }
}
