/** Quantities of Kubernetes (apimachinery, resource.Quantity), in the canonical form that its own servers write. */

const SUFFIXES = ['n', 'u', 'm', '', 'k', 'M', 'G', 'T', 'P', 'E']
const NANO_DIGITS = 9

/**
 * A number as a quantity: `322`, `1500m` for 1.5, `2k` for 2,000. Digits below a billionth are rounded up, as Kubernetes does.
 * @throws RangeError for a number that is not finite
 */
export function quantityOf(value: number): string {
  if (!Number.isFinite(value)) throw new RangeError(`${value} cannot be written as a quantity`)
  let left = nanoOf(Math.abs(value))
  if (left === 0n) return '0'
  let suffix = 0
  for (; left % 1_000n === 0n && suffix < SUFFIXES.length - 1; suffix++) left /= 1_000n
  return `${value < 0 ? '-' : ''}${left}${SUFFIXES[suffix]}`
}

/** Billionths of a number, from the shortest decimal text that stands for it: 0.1 is 100,000,000. */
function nanoOf(value: number): bigint {
  const [mantissa = '', exponent = '0'] = String(value).split('e')
  const [whole = '', fraction = ''] = mantissa.split('.')
  const places = NANO_DIGITS + Number(exponent) - fraction.length
  const digits = BigInt(whole + fraction)
  if (places >= 0) return digits * 10n ** BigInt(places)
  const divisor = 10n ** BigInt(-places)
  return (digits + divisor - 1n) / divisor
}
