/** Exemplars of stored points. */
import { type Labels, labelsOf } from '../../promql/index.ts'
import { textAt } from '../native/columns.ts'
import type { Ask } from '../reading/reader.ts'
import type { Picked } from './float-reader.ts'
import { translatedLabel } from './names.ts'
import { exemplarsStatement, type PointTable, type SampleSpan } from './statement.ts'

/** One exemplar. */
export interface SeriesExemplar {
  readonly labels: Labels
  readonly value: number
  readonly timeMs: number
}

/** As the column `Exemplars` holds them, in a JSON array. */
interface Stored {
  readonly attributes: Readonly<Record<string, string>>
  /** Nanoseconds. */
  readonly time: string
  /** Bits of the float, in hex. */
  readonly bits: string
  readonly spanId: string
  readonly traceId: string
}

/** Exemplars of the picked series, in order of time. Series without any are left out. */
export async function readExemplars(
  ask: Ask,
  metric: { readonly table: PointTable; readonly name: string },
  picked: Picked,
  span: SampleSpan,
): Promise<readonly { readonly labels: Labels; readonly exemplars: readonly SeriesExemplar[] }[]> {
  if (metric.table === 'summaries') return []
  const ids = new Map(picked.places.map((place, id) => [place, id]))
  const found = new Map<number, SeriesExemplar[]>()
  for await (const block of ask(exemplarsStatement(metric.table, metric.name, span))) {
    for (let row = 0; row < block.rows; row += 1) {
      const place = picked.known.place(textAt(block, 0, row), textAt(block, 1, row), textAt(block, 2, row))
      const id = ids.get(place)
      if (id === undefined) continue
      const list = found.get(id) ?? []
      found.set(id, list)
      for (const one of JSON.parse(textAt(block, 3, row)) as readonly Stored[]) list.push(exemplarOf(one))
    }
  }
  return [...found].map(([id, exemplars]) => ({
    labels: picked.labels[id]!,
    exemplars: exemplars
      .filter(({ timeMs }) => timeMs > span.fromMs && timeMs <= span.toMs)
      .sort((a, b) => a.timeMs - b.timeMs),
  }))
}

function exemplarOf({ attributes, time, bits, spanId, traceId }: Stored): SeriesExemplar {
  const record: Record<string, string> = {}
  for (const [name, value] of Object.entries(attributes)) record[translatedLabel(name)] = value
  if (traceId !== '') record['trace_id'] = traceId
  if (spanId !== '') record['span_id'] = spanId
  const view = new DataView(new ArrayBuffer(8))
  view.setBigUint64(0, BigInt(`0x${bits}`))
  return { labels: labelsOf(record), value: view.getFloat64(0), timeMs: Number(BigInt(time) / 1_000_000n) }
}
