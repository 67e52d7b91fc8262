/** Exact divisions of integers as SQL, the same to the unit as those of core/model. */

/** Columns that a step adds to those of the steps before, as `expression AS name`. */
type Step = readonly string[]

/** A statement that adds columns step by step. The engine would write out names of one step within each other, ever longer. */
export const inSteps = (from: string, steps: readonly Step[]): string =>
  steps.reduce((source, columns) => `(SELECT *, ${columns.join(', ')} FROM ${source})`, from)

/** Steps of several divisions at once. */
export const together = (...divisions: readonly (readonly Step[])[]): readonly Step[] =>
  divisions[0]!.map((_, at) => divisions.flatMap(steps => steps[at] ?? []))

/**
 * Steps that share `total` by `weights` (of Array(Int64), none below 0) by largest remainder, ties to the first: column `name`,
 * Array(Int64). All parts are 0 where there is no weight.
 */
export function largestRemainder(name: string, total: string, weights: string): readonly Step[] {
  const [w, sum, whole, floors, rests, ranks] = ['w', 's', 't', 'f', 'r', 'k'].map(part => `${name}_${part}`)
  return [
    [`${weights} AS ${w}`],
    [`toInt128(arraySum(${w})) AS ${sum}`],
    [`toInt128(if(${sum} > 0, ${total}, 0)) AS ${whole}`],
    [`arrayMap(x -> intDiv(${whole} * x, greatest(${sum}, 1)), ${w}) AS ${floors}`],
    [`arrayMap((x, q) -> ${whole} * x - q * ${sum}, ${w}, ${floors}) AS ${rests}`],
    [
      `arraySort((i, at) -> at, arrayEnumerate(${w}), arraySort(i -> (-${rests}[i], i), arrayEnumerate(${w}))) AS ${ranks}`,
    ],
    [
      `arrayMap((q, rank) -> toInt64(q) + (rank <= ${whole} - arraySum(${floors})), ${floors}, ${ranks}) AS ${name}`,
    ],
  ]
}

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
