import type { MetricType } from '../metric.ts'
import { ScrapeFailure } from './failure.ts'

/** What a target says of itself, as the parsers of both text formats tell it: in the order of the lines. */
export interface ExpositionSink {
  type(family: string, type: MetricType): void
  help(family: string, text: string): void
  unit(family: string, unit: string): void
  sample(sample: ScrapedSample): void
  /** Something of a sample that is not taken, though the sample is. */
  leftOut(reason: 'exemplar_too_long'): void
}

/** A label as scraped: both texts unescaped. */
export type Label = readonly [name: string, value: string]

/** One sample line of an exposition. */
export interface ScrapedSample {
  readonly name: string
  /** As they stand on the line, each name once; empty values are absent labels and left out. */
  readonly labels: readonly Label[]
  readonly value: number
  /** Milliseconds since 1970, fractions allowed; undefined where the target gives none. */
  readonly timeMs: number | undefined
  readonly exemplar: SampleExemplar | undefined
}

/** The exemplar behind a sample. `timeMs` is undefined where it has no time of its own. */
export interface SampleExemplar {
  readonly labels: readonly Label[]
  readonly value: number
  readonly timeMs: number | undefined
}

/** A line that the format does not allow: the whole exposition is refused, since what else is wrong cannot be known. */
export const lineError = (line: number, what: string, text: string): ScrapeFailure =>
  new ScrapeFailure('format', `Line ${line}: ${what}${text === '' ? '' : `, at ${excerpt(text)}`}.`)

const EXCERPT_CHARACTERS = 60

const excerpt = (text: string): string =>
  JSON.stringify(text.length > EXCERPT_CHARACTERS ? `${text.slice(0, EXCERPT_CHARACTERS)}...` : text)
