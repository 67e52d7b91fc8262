import type { MetricType } from '../metric.ts'
import { ScrapeFailure } from './failure.ts'

/** Receives an exposition from the parsers of both text formats, in the order of the lines. */
export interface ExpositionSink {
  type(family: string, type: MetricType): void
  help(family: string, text: string): void
  unit(family: string, unit: string): void
  sample(sample: ScrapedSample): void
  /** Part of a sample is dropped, although the sample is kept. */
  leftOut(reason: 'exemplar_too_long'): void
}

/** A label as scraped, with both texts unescaped. */
export type Label = readonly [name: string, value: string]

/** One sample line of an exposition. */
export interface ScrapedSample {
  readonly name: string
  /** As on the line, each name once; empty values mean missing labels and are left out. */
  readonly labels: readonly Label[]
  readonly value: number
  /** Milliseconds since 1970, fractions allowed; undefined if the target gives none. */
  readonly timeMs: number | undefined
  readonly exemplar: SampleExemplar | undefined
}

/** The exemplar of a sample. `timeMs` is undefined if it has no time. */
export interface SampleExemplar {
  readonly labels: readonly Label[]
  readonly value: number
  readonly timeMs: number | undefined
}

/** A line that the format does not allow: the whole exposition is refused, since it is unknown what else is wrong. */
export const lineError = (line: number, what: string, text: string): ScrapeFailure =>
  new ScrapeFailure('format', `Line ${line}: ${what}${text === '' ? '' : `, at ${excerpt(text)}`}.`)

const EXCERPT_CHARACTERS = 60

const excerpt = (text: string): string =>
  JSON.stringify(text.length > EXCERPT_CHARACTERS ? `${text.slice(0, EXCERPT_CHARACTERS)}...` : text)
