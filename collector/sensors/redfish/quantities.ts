/** Watts, joules and kilowatt-hours as services write them, in integers. */

/** More than a rack: a reading beyond is an error of the service. */
const MOST_WATTS = 200_000

/** mW; undefined for what cannot be the power of a machine. */
export const milliwattsOf = (watts: number | undefined): bigint | undefined =>
  watts === undefined || watts < 0 || watts > MOST_WATTS ? undefined : BigInt(Math.round(watts * 1000))

const MICROJOULES = { EnergyJoules: 1_000_000n, EnergykWh: 3_600_000_000_000n } as const

/** Fields of energy counters. */
export type EnergyField = keyof typeof MICROJOULES

/** µJ of the decimal number that was written, exactly; undefined for what is not one. */
export function microjoulesOf(field: EnergyField, value: number): bigint | undefined {
  const found = /^(\d+)(?:\.(\d+))?$/.exec(decimalText(value))
  if (found === null) return undefined
  const fraction = found[2] ?? ''
  return (BigInt(found[1]! + fraction) * MICROJOULES[field]) / 10n ** BigInt(fraction.length)
}

/** µJ of a step of the last digit. */
export function lastDigitStep(field: EnergyField, value: number): bigint {
  const digits = decimalText(value).split('.')[1]?.length ?? 0
  return MICROJOULES[field] / 10n ** BigInt(digits)
}

/** The shortest text of the number, without an exponent. */
const decimalText = (value: number): string =>
  /e/i.test(String(value)) ? value.toFixed(12).replace(/\.?0+$/, '') : String(value)
