/** Exact divisions of integers as SQL, the same to the unit as those of core/model. */

/** `body` with a name for a value: written out wherever it is used, a statement would grow beyond what the engine reads. */
const named = (name: string, value: string, body: string): string =>
  `arrayMap(${name} -> ${body}, [${value}])[1]`

/**
 * Shares of `total` by `weights` (Array(Int64), none below 0) by largest remainder, ties to the first, as Array(Int64). All parts are 0
 * where there is no weight. Lambdas take arrays as arguments: what they capture is copied for each element.
 */
export const largestRemainder = (total: string, weights: string): string =>
  named(
    'w',
    weights,
    named(
      's',
      'toInt128(arraySum(w))',
      named(
        't',
        `toInt128(if(s > 0, ${total}, 0))`,
        named(
          'f',
          'arrayMap(x -> intDiv(t * x, greatest(s, 1)), w)',
          named('l', 't - arraySum(f)', `arrayMap((q, k) -> toInt64(q) + (k <= l), f, ${RANKS})`),
        ),
      ),
    ),
  )

/** Place of each remainder, the largest first. */
const RANKS =
  'arraySort((i, o) -> o, arrayEnumerate(w), arraySort((i, r) -> (-r, i), arrayEnumerate(w), arrayMap((x, q) -> t * x - q * s, w, f)))'

/**
 * `sharedPart` of core/model/shared-part.ts for each of several totals, as one array: what they come to up to `before + own` less what
 * they come to before. The last share takes everything where `whole` is not above 0.
 */
export function sharedParts(
  totals: readonly string[],
  { before, own, whole }: { readonly before: string; readonly own: string; readonly whole: string },
): string {
  const part = `arrayMap(ends -> ends[1] - ends[2], [arrayMap(n -> ${HALF_EVEN}, [total * (${before} + ${own}), total * ${before}])])[1]`
  const list = `[${totals.map(total => `toInt128(ifNull(${total}, 0))`).join(', ')}]`
  return `arrayMap((total, d) -> toInt64(if(${whole} > 0, ${part}, total)), ${list}, arrayWithConstant(${totals.length}, toInt128(greatest(${whole}, 1))))`
}

/** `n` over `d`, which is above 0. */
const HALF_EVEN =
  '(intDiv(abs(n), d) + ((abs(n) % d) * 2 > d OR ((abs(n) % d) * 2 = d AND intDiv(abs(n), d) % 2 = 1))) * sign(n)'
