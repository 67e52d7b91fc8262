/**
 * Divides an integer total by integer weights so that the parts sum exactly to the total. Every part is first
 * truncated towards zero; then the remaining units go to the largest remainders, ties to the lower index.
 * Each part is therefore less than one unit away from its exact share. A negative total gives the negated
 * parts of the positive one.
 *
 * Callers define the order of the weights (workload id, time), so that a replay breaks every tie the same
 * way.
 *
 * @throws RangeError for a negative weight, and when all weights are 0 but the total is not: the caller must
 * decide what to do then.
 */
export function apportion(total: bigint, weights: readonly bigint[]): bigint[] {
  let sum = 0n
  for (const weight of weights) {
    if (weight < 0n) throw new RangeError(`apportion: negative weight ${weight}`)
    sum += weight
  }
  if (total === 0n) return weights.map(() => 0n)
  if (sum === 0n) throw new RangeError(`apportion: no weights to share ${total} by`)
  if (total < 0n) return apportion(-total, weights).map(part => -part)
  if (weights.length === 1) return [total]
  return weights.length === 2 ? inTwo(total, weights[0]!, sum) : largestRemainder(total, weights, sum)
}

/** Two parts need no ranking: the first rounds half up, so that a tie goes to the lower index. */
function inTwo(total: bigint, first: bigint, sum: bigint): bigint[] {
  const product = total * first
  const floor = product / sum
  const part = (product - floor * sum) * 2n >= sum ? floor + 1n : floor
  return [part, total - part]
}

function largestRemainder(total: bigint, weights: readonly bigint[], sum: bigint): bigint[] {
  const parts: bigint[] = []
  const remainders: bigint[] = []
  let given = 0n
  for (const weight of weights) {
    const product = total * weight
    const part = product / sum
    parts.push(part)
    remainders.push(product - part * sum)
    given += part
  }
  const left = Number(total - given)
  if (left === 0) return parts
  const order = remainders.map((_, index) => index)
  order.sort((a, b) => {
    const difference = remainders[b]! - remainders[a]!
    return difference > 0n ? 1 : difference < 0n ? -1 : a - b
  })
  for (const index of order.slice(0, left)) parts[index] = parts[index]! + 1n
  return parts
}
