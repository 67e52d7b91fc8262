import { createOpenMetricsParser } from '../../../../collector/prometheus/scrape/openmetrics.ts'
import type { ScrapedSample } from '../../../../collector/prometheus/scrape/sample.ts'
import { createTextParser } from '../../../../collector/prometheus/scrape/text-format.ts'

export type Format = 'openmetrics' | 'prometheus'

/** The events of a parser for a text, in order. */
export type Told =
  | { readonly type: string; readonly is: string }
  | { readonly help: string; readonly is: string }
  | { readonly unit: string; readonly is: string }
  | { readonly leftOut: string }
  | ScrapedSample

/** Parses a text that arrives in pieces of this many bytes. */
export function parsed(format: Format, text: string | Uint8Array, pieceBytes = 1 << 20): Told[] {
  const told: Told[] = []
  const sink = {
    type: (type: string, is: string) => void told.push({ type, is }),
    help: (help: string, is: string) => void told.push({ help, is }),
    unit: (unit: string, is: string) => void told.push({ unit, is }),
    sample: (sample: ScrapedSample) => void told.push(sample),
    leftOut: (leftOut: string) => void told.push({ leftOut }),
  }
  const parser = format === 'openmetrics' ? createOpenMetricsParser(sink) : createTextParser(sink)
  const bytes = Buffer.from(text)
  for (let at = 0; at < bytes.length; at += pieceBytes) parser.push(bytes.subarray(at, at + pieceBytes))
  parser.end()
  return told
}
