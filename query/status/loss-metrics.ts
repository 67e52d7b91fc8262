import { labelText } from '../../core/model/label-text.ts'
import { STREAMS } from '../../core/model/streams/index.ts'
import { tablesOf } from '../../core/model/streams/stream.ts'
import type { Extent, Loss, LossState } from '../../core/runtime/losses.ts'
import type { MetricFamily } from './metrics-text.ts'
import { ownFamily } from './own-metrics.ts'

const STATES: readonly LossState[] = ['restoring', 'restored', 'lost', 'noted']
const STREAM_NAMES = STREAMS.map(({ name }) => name)
const TABLE_NAMES = STREAMS.flatMap(tablesOf).flatMap(({ table }) =>
  table === undefined ? [] : [table.name],
)

/**
 * Missing rows and records (0 if there are none, so that an alert sees a value), and the number of findings that wait
 * for an operator.
 */
export function lossFamilies(losses: readonly Loss[]): readonly MetricFamily[] {
  const open = losses.filter(({ accepted }) => accepted === null)
  const missing = losses
    .filter(({ state }) => state === 'lost' || state === 'restoring')
    .flatMap(({ extent }) => extent)
  return [
    ownFamily(
      'wattline_losses',
      STATES.map(state => ({
        labels: labelText({ state }),
        value: open.filter(loss => loss.state === state).length,
      })),
    ),
    ownFamily(
      'wattline_lost_rows',
      sums(missing, 'table', TABLE_NAMES, ({ rows, restoredRows, madeFrom }) =>
        // What a derived table lacks is lost where it is made from.
        rows === null || madeFrom !== undefined ? null : rows - (restoredRows ?? 0),
      ),
    ),
    ownFamily(
      'wattline_lost_records',
      sums(missing, 'stream', STREAM_NAMES, ({ records }) => records),
    ),
  ]
}

function sums(
  extents: readonly Extent[],
  label: 'table' | 'stream',
  names: readonly string[],
  of: (extent: Extent) => number | null,
) {
  const found = new Map(names.map(name => [name, 0]))
  for (const extent of extents) {
    const [name, amount] = [extent[label], of(extent)]
    if (name !== undefined && amount !== null) found.set(name, (found.get(name) ?? 0) + amount)
  }
  return [...found].map(([name, value]) => ({ labels: labelText({ [label]: name }), value }))
}
