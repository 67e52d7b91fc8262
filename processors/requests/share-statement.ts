/** SQL that shares a workload's amounts over its spans by largest remainder. */

/**
 * Steps that share amounts by `Weights` (ns, summing to `Weight`), as core/model/apportion.ts does it: parts cut towards zero,
 * and a unit more for the largest remainders, ties in the order of `Identities`. Null stays null.
 *
 * The remainder of the last that gets a unit is the edge: those above it get one, and of those at it the first. Nothing is
 * sorted but remainders, and the few at the edge.
 *
 * Each step is a SELECT of its own over the one before it, and works on the arrays of all amounts at once: the engine puts the
 * text of a name in its place wherever the name stands in the same SELECT, and would take seconds to read them all.
 */
const STEPS: readonly string[] = [
  'arrayMap(x -> toUInt64(abs(ifNull(x, 0))), Amounts) AS Sizes',
  'arrayMap(a -> arrayMap(w -> toUInt64(intDiv(toUInt128(a) * w, Weight)), Weights), Sizes) AS Cuts',
  'arrayMap((a, c) -> a - arraySum(c), Sizes, Cuts) AS Lefts',
  'arrayMap((a, c) -> arrayMap((w, k) -> toInt64(a * w - k * Weight), Weights, c), Sizes, Cuts) AS Rests',
  // Where nothing is left over the edge is above all remainders.
  'arrayMap((l, r) -> if(l = 0, 9223372036854775807, arrayReverseSort(r)[l]), Lefts, Rests) AS Edges',
  `arrayMap((l, r, e) -> l - arrayCount(x -> x > e, r), Lefts, Rests, Edges) AS Ties,
    arrayMap((r, e) -> arrayCount(x -> x = e, r), Rests, Edges) AS AtEdges`,
  'if(Ties = AtEdges, [], arrayMap((r, e, t) -> arraySort(arrayFilter((i, x) -> x = e, Identities, r))[t], Rests, Edges, Ties)) AS Lasts',
  `multiIf(arraySum(Lefts) = 0, Cuts,
    empty(Lasts), arrayMap((c, r, e) -> arrayMap((k, x) -> k + (x >= e), c, r), Cuts, Rests, Edges),
    arrayMap((c, r, e, last) -> arrayMap((k, x, i) -> k + (x > e OR (x = e AND i <= last)), c, r, Identities),
      Cuts, Rests, Edges, Lasts)) AS Parts`,
  'arrayMap((a, p) -> arrayMap(x -> if(isNull(a), NULL, toInt64(x) * if(a < 0, -1, 1)), p), Amounts, Parts) AS Shares',
]

/**
 * Rows with `Shares`: an array for each of `Amounts`.
 * @param rows SELECT of rows with Amounts, Identities, Weights (UInt64) and Weight
 */
export const sharedRows = (rows: string): string =>
  STEPS.reduce((before, step) => `SELECT *, ${step} FROM (${before})`, rows)
