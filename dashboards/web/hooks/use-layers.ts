import { useMemo, useRef } from 'preact/hooks'
import type { LiveAnswer } from '../../../core/api/answers.ts'
import { assignColours } from '../lib/colours.ts'
import { type Layer, layersOf } from '../lib/live.ts'

/** The layers of the chart, and the colour of each workload, which is the same wherever the workload appears. */
export interface Layers {
  readonly layers: readonly Layer[]
  readonly colours: ReadonlyMap<string, number>
}

/** Layers and colours that stay stable between refreshes. */
export function useLayers(data: LiveAnswer | null): Layers {
  const before = useRef<{ host: string; places: readonly string[]; colours: ReadonlyMap<string, number> }>({
    host: '',
    places: [],
    colours: new Map(),
  })
  return useMemo(() => {
    if (data === null) return { layers: [], colours: new Map() }
    const known = before.current.host === data.host
    const layers = layersOf(data, known ? before.current.places : [])
    const workloads = layers.filter(layer => layer.share === 'active' && !layer.rest).map(layer => layer.key)
    const colours = assignColours(known ? before.current.colours : new Map(), workloads)
    before.current = { host: data.host, places: layers.map(layer => layer.key), colours }
    return { layers, colours }
  }, [data])
}
