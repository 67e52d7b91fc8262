import { labelText } from '../../core/runtime/label-text.ts'
import type { Extent, Loss } from '../../core/runtime/losses.ts'
import type { Family } from './metrics-text.ts'
import { ownFamily } from './own-metrics.ts'

/** What is missing, and how many findings wait for an operator. */
export function lossFamilies(losses: readonly Loss[]): readonly Family[] {
  const open = losses.filter(({ accepted }) => accepted === null)
  const missing = losses
    .filter(({ state }) => state === 'lost' || state === 'restoring')
    .flatMap(({ extent }) => extent)
  return [
    ownFamily(
      'wattline_losses',
      [...Map.groupBy(open, ({ state }) => state)].map(([state, found]) => ({
        labels: labelText({ state }),
        value: found.length,
      })),
    ),
    ownFamily(
      'wattline_lost_rows',
      sums(missing, 'table', ({ rows, restoredRows }) => (rows === null ? null : rows - (restoredRows ?? 0))),
    ),
    ownFamily(
      'wattline_lost_records',
      sums(missing, 'stream', ({ records }) => records),
    ),
  ]
}

function sums(extents: readonly Extent[], label: 'table' | 'stream', of: (extent: Extent) => number | null) {
  const found = new Map<string, number>()
  for (const extent of extents) {
    const [name, amount] = [extent[label], of(extent)]
    if (name !== undefined && amount !== null) found.set(name, (found.get(name) ?? 0) + amount)
  }
  return [...found].map(([name, value]) => ({ labels: labelText({ [label]: name }), value }))
}
