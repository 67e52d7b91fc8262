/** Amounts as Kubernetes writes them: `100m`, `1.5`, `512Mi`, `2k`, `1e3`. */

const POWERS: Readonly<Record<string, readonly [base: bigint, exponent: number]>> = {
  n: [10n, -9],
  u: [10n, -6],
  m: [10n, -3],
  '': [10n, 0],
  k: [10n, 3],
  M: [10n, 6],
  G: [10n, 9],
  T: [10n, 12],
  P: [10n, 15],
  E: [10n, 18],
  Ki: [2n, 10],
  Mi: [2n, 20],
  Gi: [2n, 30],
  Ti: [2n, 40],
  Pi: [2n, 50],
  Ei: [2n, 60],
}
const AMOUNT = /^\+?(\d{1,30})(?:\.(\d{0,30}))?(?:e([+-]?\d{1,2})|(n|u|m|k|M|G|T|P|E|[KMGTPE]i)?)$/i
const MOST = 2n ** 63n - 1n

/**
 * The amount in units of 1/`perUnit`, rounded up as Kubernetes does, so that nothing reserved becomes nothing; 0n for what is not
 * an amount.
 */
export function amountOf(text: string | number | undefined, perUnit: bigint): bigint {
  const [, whole, fraction = '', exponent, suffix = ''] = AMOUNT.exec(`${text ?? ''}`) ?? []
  // `1E` is an exa, and `1e3` has an exponent: letters of both cases stand for different things.
  const [base, power] = POWERS[suffix] ?? []
  if (whole === undefined || base === undefined || power === undefined) return 0n
  const shift = power + Number(exponent ?? 0)
  const factor = base ** BigInt(Math.abs(base === 10n ? shift : power))
  const digits = BigInt(whole + fraction) * perUnit
  const isUp = base !== 10n || shift >= 0
  const over = (isUp ? 1n : factor) * 10n ** BigInt(fraction.length)
  const value = (digits * (isUp ? factor : 1n) + over - 1n) / over
  return value > MOST ? MOST : value
}
