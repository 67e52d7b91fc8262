/** Integers of the ledger as people read them. Rounded for the eye only: sums are made before, on the integers. */

/** µJ as mWh, Wh or kWh. */
export function energyText(microJoules: string | bigint): string {
  return scaled(Number(microJoules) / 3.6e9, [
    [1e3, 'kWh', 1e3],
    [1, 'Wh', 1],
    [0, 'mWh', 1e-3],
  ])
}

/** µg of CO2e as mg, g or kg; `-` when unknown. */
export function carbonText(micrograms: string | null): string {
  if (micrograms === null) return '-'
  return scaled(Number(micrograms) / 1e6, [
    [1e3, 'kg', 1e3],
    [1, 'g', 1],
    [0, 'mg', 1e-3],
  ])
}

/** Nano units of money, exact, without trailing zeros beyond the cents; `-` when unpriced. */
export function moneyText(nano: string | null, currency: string): string {
  if (nano === null) return '-'
  const digits = nano.replace('-', '').padStart(10, '0')
  const fraction = digits.slice(-9).replace(/0{1,7}$/, '')
  return `${nano.startsWith('-') ? '-' : ''}${digits.slice(0, -9)}.${fraction} ${currency}`
}

export function wattsText(milliwatts: number): string {
  return `${(milliwatts / 1000).toFixed(2)} W`
}

function scaled(value: number, steps: readonly (readonly [number, string, number])[]): string {
  for (const [from, unit, factor] of steps) {
    if (Math.abs(value) >= from) return `${(value / factor).toFixed(3)} ${unit}`
  }
  return String(value)
}
