import type { Series } from '../samples/series.ts'
import type { HostState } from './host-state.ts'

/** In order of key. Whoever adds or removes series must have settled, and sets `ordered` to null. */
export function seriesInOrder(state: HostState): readonly Series[] {
  if (state.ordered === null) {
    state.ordered = [...state.series].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, series]) => series)
    for (const [index, series] of state.ordered.entries()) series.index = index
  }
  return state.ordered
}
