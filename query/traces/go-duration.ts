/** Durations as Go writes them: `1.5s`, `2h45m`, `300us`. */

const UNIT_NANO: Readonly<Record<string, number>> = {
  ns: 1,
  us: 1e3,
  µs: 1e3,
  μs: 1e3,
  ms: 1e6,
  s: 1e9,
  m: 60e9,
  h: 3_600e9,
  d: 86_400e9,
}
const PART = /(\d+(?:\.\d*)?|\.\d+)(ns|us|µs|μs|ms|s|m|h|d)/y

/** Nanoseconds; undefined if the text is no duration, or has more than 64 bits. */
export function goDuration(text: string): bigint | undefined {
  if (text === '0') return 0n
  let at = 0
  let nano = 0
  while (at < text.length) {
    PART.lastIndex = at
    const [whole, amount = '', unit = ''] = PART.exec(text) ?? []
    if (whole === undefined) return undefined
    nano += Number(amount) * (UNIT_NANO[unit] ?? 0)
    at += whole.length
  }
  if (at === 0 || nano > 9e18) return undefined
  return BigInt(Math.round(nano))
}
