import type { Layer } from './live.ts'

/** Workloads below one two-hundredth of the chart's energy are too small to see, and share one layer. */
const SMALLEST = 200
/**
 * A workload that has a layer keeps it until half of that, so that it does not appear and disappear with each refresh.
 */
const SMALLEST_KNOWN = 400

/** Layer of workloads without their own layer. */
export const REST_NAME = 'Others'

/**
 * Puts workloads that are too small to see into the layer of the others; sums stay the same. A single one keeps its
 * name: folding it would show less and save nothing.
 */
export function foldSmall(layers: readonly Layer[], shownBefore: ReadonlySet<string>): readonly Layer[] {
  const energy = (layer: Layer): number =>
    layer.milliwatts.reduce<number>((sum, value) => sum + (value ?? 0), 0)
  const whole = layers.reduce((sum, layer) => sum + energy(layer), 0)
  const small = layers.filter(layer => {
    if (layer.share !== 'active' || layer.rest) return false
    return energy(layer) * (shownBefore.has(layer.key) ? SMALLEST_KNOWN : SMALLEST) < whole
  })
  const rest = layers.find(layer => layer.rest)
  if (small.length === 0 || (small.length === 1 && rest === undefined)) return layers
  const folded = [...small, ...(rest === undefined ? [] : [rest])]
  const gone = new Set(folded)
  return [
    ...layers.filter(layer => !gone.has(layer)),
    {
      key: 'rest',
      name: REST_NAME,
      detail: small.map(layer => layer.name).join(', '),
      share: 'active',
      rest: true,
      milliwatts: sumOf(folded.map(layer => layer.milliwatts)),
      cpusUsed: sumOf(folded.map(layer => layer.cpusUsed)),
    },
  ]
}

/** Sums by interval; null only if no value is known. */
function sumOf(lines: readonly (readonly (number | null)[])[]): readonly (number | null)[] {
  const length = Math.max(0, ...lines.map(line => line.length))
  return Array.from({ length }, (_, index) =>
    lines.reduce<number | null>((sum, line) => {
      const value = line[index] ?? null
      return value === null ? sum : (sum ?? 0) + value
    }, null),
  )
}
