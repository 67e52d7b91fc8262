import { traces } from '../core/model/streams/index.ts'
import type { Losses } from '../core/runtime/losses.ts'
import { TRACE_INDEX } from '../core/warehouse/tables/ddl-derived.ts'
import type { Warehouse } from '../core/warehouse/warehouse.ts'
import { LISTEN_MS } from './losses.ts'
import type { Wiring } from './wiring.ts'

/** Age up to which spans are added to the trace index again after the log was lost. */
const REMADE_MS = 2 * 86_400_000

/** Rebuilds the trace index once the spans that the log still has are restored. */
export function remakeWhenDue({ lifecycle, events }: Wiring, warehouse: Warehouse, losses: Losses): void {
  let isRemaking = false
  const remake = async (): Promise<void> => {
    const loss = losses.all().find(one => one.restoring?.[TRACE_INDEX]?.isDone === false)
    if (loss === undefined) return
    const others = Object.entries(loss.restoring ?? {}).filter(([place]) => place.startsWith('traces/'))
    if (others.some(([, { isDone }]) => !isDone)) return
    const extent = loss.extent.find(({ table }) => table === TRACE_INDEX)
    const recently = new Date(Date.parse(loss.found) - REMADE_MS).toISOString()
    const from = loss.state === 'restoring' ? (extent?.from ?? null) : recently
    await warehouse.files?.remakeTraceIndex(from, extent?.to ?? null)
    const madeFrom = traces.table.name
    await losses.restored(TRACE_INDEX, { table: TRACE_INDEX, rows: null, isDone: true, madeFrom })
  }
  const timer = setInterval(() => {
    if (isRemaking) return
    isRemaking = true
    void remake()
      .catch((error: unknown) => events.emit('processFailed', { part: 'index of traces' }, error))
      .finally(() => {
        isRemaking = false
      })
  }, LISTEN_MS).unref()
  void lifecycle.start(
    'index of traces',
    () => timer,
    () => clearInterval(timer),
  )
}
