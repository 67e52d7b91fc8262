/** What callers have, remembered for a moment: a poll of one metric does not list everything again. */
import { WattlineError } from '../../../../core/catalogue/errors/errors.ts'
import { FIXED_LIMITS } from '../../../../core/catalogue/limits/limits.ts'
import type { Identity } from '../../../../core/model/identity.ts'
import type { FencedReader } from '../../../fence/fenced-reader.ts'
import { createLru } from '../../../sql/lru.ts'
import { CatalogueBuilder, type GnocchiCatalogue } from './build.ts'
import {
  type ListedLedgerRow,
  ledgerHostsStatement,
  ledgerWorkloadsStatement,
  listedSeriesStatement,
  type SeriesRow,
} from './listing.ts'

const DAY_MS = 86_400_000
const HOUR_MS = 3_600_000
/** Lists are at most this old. */
const FRESH_MS = 1_000
/** What was found by its id holds this long. */
const FOUND_MS = 300_000
/** All series are read again after this; until then those of the last hour. */
const WHOLE_MS = 600_000
/** Days of the ledger whose hours are read singly. */
const RECENT_DAYS = 1
const CACHE_BYTES = 67_108_864
const MOST = FIXED_LIMITS.gnocchiMetrics

interface KnownCatalogue {
  readonly catalogue: GnocchiCatalogue
  readonly series: ReadonlyMap<string, SeriesRow>
  /** By the clock that spans are counted from. */
  readonly readAtMs: number
  /** By the clock of the machine. */
  readonly knownSinceMs: number
  readonly wholeSinceMs: number
}

interface UnderWay {
  readonly startMs: number
  readonly isWhole: boolean
  readonly reading: Promise<KnownCatalogue>
}

interface RetentionSpan {
  /** How far back points and entries of the ledger are kept. */
  readonly signalsDays: number
  readonly ledgerDays: number
}

/** Catalogues by caller. */
export class Catalogues {
  readonly #known = createLru<KnownCatalogue>(CACHE_BYTES, weightOf)
  /** What is being read, by caller. */
  readonly #underWay = new Map<string, UnderWay>()
  readonly #span: RetentionSpan
  readonly #now: () => number

  constructor(span: RetentionSpan, now: () => number) {
    this.#span = span
    this.#now = now
  }

  /** Everything that the caller has now. */
  async all(reader: FencedReader, identity: Identity): Promise<GnocchiCatalogue> {
    return (await this.#read(reader, identity, FRESH_MS)).catalogue
  }

  /** What `find` finds, in what was read before if it is there. */
  async found<Found>(
    reader: FencedReader,
    identity: Identity,
    find: (catalogue: GnocchiCatalogue) => Found | undefined,
  ): Promise<Found | undefined> {
    const { catalogue, knownSinceMs } = await this.#read(reader, identity, FOUND_MS)
    const found = find(catalogue)
    if (found !== undefined || Date.now() - knownSinceMs < FRESH_MS) return found
    const fresh = await this.#read(reader, identity, FRESH_MS)
    const again = find(fresh.catalogue)
    // Late points may be older than what was read.
    if (again !== undefined || Date.now() - fresh.wholeSinceMs < 10 * FRESH_MS) return again
    return find((await this.#read(reader, identity, 0, 0)).catalogue)
  }

  async #read(
    reader: FencedReader,
    identity: Identity,
    maxAgeMs: number,
    wholeAgeMs = WHOLE_MS,
  ): Promise<KnownCatalogue> {
    const key = JSON.stringify([identity.tenant, identity.accounts])
    const known = this.#known.get(key)
    const startMs = Date.now()
    if (known !== undefined && Math.abs(startMs - known.knownSinceMs) < maxAgeMs) return known
    const isWhole = known === undefined || startMs - known.wholeSinceMs >= wholeAgeMs
    const other = this.#underWay.get(key)
    if (other !== undefined && other.isWhole === isWhole && Math.abs(startMs - other.startMs) < maxAgeMs) {
      try {
        return await other.reading
      } catch {
        // It ends with the request that began it: then this one reads by itself.
      }
    }
    const reading = this.#readNow(reader, identity, isWhole ? undefined : known)
    this.#underWay.set(key, { startMs, isWhole, reading })
    try {
      const read = await reading
      this.#known.set(key, read)
      return read
    } finally {
      if (this.#underWay.get(key)?.reading === reading) this.#underWay.delete(key)
    }
  }

  /** @param known what is added to; undefined: everything is read */
  async #readNow(
    reader: FencedReader,
    identity: Identity,
    known: KnownCatalogue | undefined,
  ): Promise<KnownCatalogue> {
    const nowMs = this.#now()
    const startMs = Date.now()
    const series = await this.#series(reader, identity, known, nowMs)
    const builder = new CatalogueBuilder(identity.tenant)
    builder.addSeries(series.values())
    const [workloads, hosts] = await this.#ledger(reader, identity, nowMs)
    builder.addWorkloads(workloads)
    builder.addHosts(hosts)
    return {
      catalogue: builder.catalogue(nowMs),
      series,
      readAtMs: nowMs,
      knownSinceMs: startMs,
      wholeSinceMs: known?.wholeSinceMs ?? startMs,
    }
  }

  async #series(
    reader: FencedReader,
    { tenant, accounts }: Identity,
    known: KnownCatalogue | undefined,
    nowMs: number,
  ): Promise<ReadonlyMap<string, SeriesRow>> {
    // Points have no accounts.
    if (accounts !== null) return new Map()
    const since = known === undefined ? nowMs - this.#span.signalsDays * DAY_MS : known.readAtMs - HOUR_MS
    const { text, params } = listedSeriesStatement(tenant, Math.max(0, Math.floor(since)), MOST + 1)
    const series = new Map(known?.series)
    for (const row of await reader.query<SeriesRow>(text, params)) {
      const key = JSON.stringify([row.metric, row.service, row.labels, row.resource])
      const before = series.get(key)
      series.set(key, before === undefined ? row : { ...row, first: Math.min(before.first, row.first) })
    }
    if (series.size > MOST) throw tooMany('series of metric points')
    return series
  }

  async #ledger(
    reader: FencedReader,
    { tenant }: Identity,
    nowMs: number,
  ): Promise<readonly [readonly ListedLedgerRow[], readonly ListedLedgerRow[]]> {
    const today = Math.floor(nowMs / DAY_MS)
    const seconds = (day: number): number => Math.max(0, day * 86_400)
    const span = { since: seconds(today - this.#span.ledgerDays), recent: seconds(today - RECENT_DAYS) }
    const ask = async ({
      text,
      params,
    }: ReturnType<typeof ledgerHostsStatement>): Promise<readonly ListedLedgerRow[]> => {
      const rows = await reader.query<ListedLedgerRow>(text, params)
      if (rows.length > MOST) throw tooMany('workloads')
      return rows
    }
    return [
      await ask(ledgerWorkloadsStatement(tenant, span, MOST + 1)),
      await ask(ledgerHostsStatement(tenant, span, MOST + 1)),
    ]
  }
}

const tooMany = (what: string): WattlineError =>
  new WattlineError(
    'sql_limit',
    `This tenant has more than ${MOST} ${what}: Gnocchi's API lists no more. Use PromQL or SQL.`,
  )

/** Bytes of a metric, about. */
const METRIC_BYTES = 700
function weightOf({ catalogue, series }: KnownCatalogue): number {
  let characters = 0
  for (const { labels, resource, meta } of series.values())
    characters += labels.length + resource.length + meta.length
  return METRIC_BYTES * (catalogue.metrics.size + catalogue.resources.size) + characters
}
