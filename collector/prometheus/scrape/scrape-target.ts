import type { ScrapeJob } from '../../../core/catalogue/config/keys/scrape.ts'
import { asWattlineError, type WattlineError } from '../../../core/catalogue/errors/errors.ts'
import type { Events } from '../../../core/catalogue/events/events.ts'
import type { Budget, Reservation } from '../../intake/budget.ts'
import type { Intake } from '../../intake/intake.ts'
import type { MetricHead } from '../metric.ts'
import { ScrapeFailure } from './failure.ts'
import type { FetchTarget } from './fetch-target.ts'
import { createOpenMetricsParser } from './openmetrics.ts'
import { PointWriter, type SeriesSet } from './points.ts'
import type { Relabel } from './relabel.ts'
import { TargetSink } from './target-sink.ts'
import type { ScrapeTarget } from './targets.ts'
import { createTextParser } from './text-format.ts'

interface ScrapeTargetParts {
  readonly job: ScrapeJob
  readonly target: ScrapeTarget
  readonly fetch: FetchTarget
  readonly relabel: Relabel | undefined
  readonly intake: Pick<Intake, 'ingest'>
  readonly limits: { readonly attributes: number; readonly attribute_bytes: number }
  /** Memory of all running scrapes. */
  readonly budget: Budget
  readonly events: Events
  /** Milliseconds since 1970, and monotonic milliseconds. */
  readonly clock: { unixMs(): number; monotonicMs(): number }
}

/**
 * Memory per byte of an exposition until it is stored: points of the request, series to remember, parts of a family.
 * Three to four were measured (lines of 80 bytes), plus one while the buffer of the request grows.
 */
const HELD_PER_BYTE = 5

interface ScrapeOutcome {
  readonly out: PointWriter
  readonly scraped: number
  readonly kept: number
  readonly failure: ScrapeFailure | undefined
}

/** One target over time: which of its series are stored, and whether it answers. */
export class TargetScraper {
  readonly #parts: ScrapeTargetParts
  #known: SeriesSet = new Set()
  #failing = false

  constructor(parts: ScrapeTargetParts) {
    this.#parts = parts
  }

  /**
   * Scrapes the target once and stores its samples, the ends of series, and the result of the scrape. Never rejects: a
   * failure is reported as an event, and if the log does not store the samples, the target is scraped again at the next
   * interval.
   */
  async scrape(stop: AbortSignal): Promise<void> {
    const { clock, budget } = this.#parts
    const startMs = clock.unixMs()
    const began = clock.monotonicMs()
    const reservation = budget.open()
    try {
      const { out, scraped, kept, failure } = await this.#read(startMs, reservation, stop)
      if (stop.aborted) return
      const seconds = (clock.monotonicMs() - began) / 1000
      const next = this.#close(out, [failure === undefined ? 1 : 0, seconds, scraped, kept])
      await this.#store(out, next, failure)
    } catch (error) {
      this.#tellFailure(logFailure(asWattlineError(error, 'invariant_broken')))
    } finally {
      reservation.release()
    }
  }

  /** Writes the end of all series of the target; rejects when the log does not store it. */
  async leave(): Promise<void> {
    if (this.#known.size === 0) return
    const out = new PointWriter(this.#parts.clock.unixMs())
    for (const series of this.#known) out.end(series)
    await this.#ingest(out)
    this.#known = new Set()
  }

  async #read(startMs: number, reservation: Reservation, stop: AbortSignal): Promise<ScrapeOutcome> {
    const { job, target, relabel, limits, events } = this.#parts
    const out = new PointWriter(startMs)
    const sink = new TargetSink({
      target,
      relabel,
      out,
      honorLabels: job.honor_labels,
      honorTimestamps: job.honor_timestamps,
      sampleLimit: job.sample_limit,
      maxLabels: limits.attributes,
      maxLabelBytes: limits.attribute_bytes,
    })
    try {
      await this.#parse(sink, reservation, stop)
    } catch (error) {
      if (!(error instanceof ScrapeFailure)) throw error
      return { out: new PointWriter(startMs), scraped: 0, kept: 0, failure: error }
    }
    const rejected = new Map(sink.rejected)
    if (out.duplicates > 0) rejected.set('duplicate', out.duplicates)
    for (const [reason, amount] of rejected)
      events.emit('itemsRejected', { signal: 'metrics', reason, amount })
    return { out, scraped: sink.scraped, kept: sink.kept, failure: undefined }
  }

  async #parse(sink: TargetSink, reservation: Reservation, stop: AbortSignal): Promise<void> {
    const { fetch, target } = this.#parts
    const { format, body } = await fetch(target.url, stop)
    const parser = format === 'openmetrics' ? createOpenMetricsParser(sink) : createTextParser(sink)
    for await (const chunk of body) {
      reserve(reservation, chunk.length * HELD_PER_BYTE)
      parser.push(chunk)
    }
    parser.end()
    sink.end()
  }

  /** Writes the result of the scrape and the ends of series; returns the current series. */
  #close(out: PointWriter, values: readonly number[]): SeriesSet {
    const labels = this.#parts.target.labels.filter(([name]) => name !== 'job' && name !== 'instance')
    const [job = '', instance = ''] = ['job', 'instance'].map(
      name => this.#parts.target.labels.find(([label]) => label === name)?.[1],
    )
    for (const [index, head] of REPORT.entries()) {
      const value = values[index]!
      out.write({
        ...{ head, job, instance, labels, value },
        shape: 'number',
        timeMs: undefined,
        startMs: 0,
        exemplars: [],
      })
    }
    for (const series of this.#known) if (!out.series.has(series)) out.end(series)
    return out.series
  }

  async #store(out: PointWriter, next: SeriesSet, failure: ScrapeFailure | undefined): Promise<void> {
    if (failure !== undefined) this.#tellFailure(failure)
    try {
      await this.#ingest(out)
      this.#known = next
      if (failure === undefined) this.#tellSuccess()
    } catch (error) {
      this.#tellFailure(logFailure(asWattlineError(error, 'invariant_broken')))
    }
  }

  async #ingest(out: PointWriter): Promise<void> {
    const { intake, job } = this.#parts
    await intake.ingest('metrics', 'protobuf', out.finish(), job.tenant)
  }

  #tellFailure(failure: ScrapeFailure): void {
    const { events, job, target } = this.#parts
    const facts = { job: job.job_name, target: target.url, reason: failure.reason }
    events.emit('scrapeFailed', facts, failure)
    if (!this.#failing) events.emit('targetFailed', { ...facts, problem: failure.message })
    this.#failing = true
  }

  #tellSuccess(): void {
    const { events, job, target } = this.#parts
    if (this.#failing) events.emit('targetRecovered', { job: job.job_name, target: target.url })
    this.#failing = false
  }
}

const report = (name: string, help: string, unit: string): MetricHead => ({ name, type: 'gauge', help, unit })

const REPORT: readonly MetricHead[] = [
  report('up', 'Whether the last scrape succeeded.', ''),
  report('scrape_duration_seconds', 'How long the scrape took.', 's'),
  report('scrape_samples_scraped', 'Samples that the target exposed.', ''),
  report('scrape_samples_post_metric_relabeling', 'Samples left after relabelling.', ''),
]

function reserve(reservation: Reservation, bytes: number): void {
  try {
    reservation.reserve(bytes)
  } catch (error) {
    throw new ScrapeFailure('overloaded', 'Running scrapes use all of scrape.in_flight_bytes.', {
      cause: error,
    })
  }
}

const logFailure = (error: WattlineError): ScrapeFailure =>
  new ScrapeFailure(error.code === 'overloaded' ? 'overloaded' : 'log', error.message, { cause: error })
