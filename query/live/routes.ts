/** `GET /api/v1/live?host=&minutes=5`: watts of a host at its sensors' own resolution. */

import type { FastifyInstance } from 'fastify'
import type { LiveAnswer } from '../../core/api/answers.ts'
import { type IdlePowers, parseIdlePowers } from '../../core/books/gpu-idle.ts'
import { isBoard } from '../../core/books/gpu-places.ts'
import type { Config } from '../../core/catalogue/config/schema.ts'
import { WattlineError } from '../../core/catalogue/errors/errors.ts'
import { configuredFactors } from '../../core/factors/configured.ts'
import { configuredBooks, type FactorBooks } from '../../core/factors/follower.ts'
import { decimalText } from '../../core/model/decimal.ts'
import { worstReadingQuality } from '../../core/model/quality.ts'
import type { FencedReader } from '../fence/fenced-reader.ts'
import { identityOf, READ_TENANT } from '../http/auth.ts'
import type { QueryContext } from '../http/context.ts'
import { integerParameter, knownParameters, type RawQuery, single } from '../http/parameters.ts'
import { type JoinedHost, joinHosts } from './hosts.ts'
import { type LiveInterval, type LiveIntervals, type LiveOptions, toIntervals } from './intervals.ts'
import { KnownCounters } from './known-counters.ts'
import { KnownHosts, type SeenHost } from './known-hosts.ts'
import { toSeries } from './series.ts'
import { SharedAnswers } from './shared-answers.ts'
import {
  type ClockRow,
  type CounterRow,
  clocksStatement,
  countersStatement,
  idlePowerStatement,
  liveHostsStatement,
  zoneStatement,
} from './statements.ts'

/** Number of hosts in an answer; a page can still request another one by name. */
const HOSTS_LISTED = 1_000
/** Points of one line; longer spans use every n-th sample. */
const POINTS = 180

/** Pages query every five seconds: of several pages, some wait less than that for what another one has read. */
const SHARED_MS = 2_500
/** What the newest minutes of the ledger say changes once a minute at most. */
const BOOKED_MS = 60_000

/** What pages share. */
interface SharedParts {
  readonly hosts: KnownHosts
  /** By what was found: it is the same until there is another look. */
  readonly joined: WeakMap<readonly unknown[], readonly JoinedHost[]>
  readonly answers: SharedAnswers<LiveAnswer>
  readonly zones: SharedAnswers<string | null>
  readonly idlePowers: SharedAnswers<IdlePowers>
  readonly counters: KnownCounters
}

/** Needs scope read of the whole tenant. */
export function liveRoutes(app: FastifyInstance, context: QueryContext): void {
  const shared: SharedParts = {
    hosts: new KnownHosts(),
    joined: new WeakMap(),
    answers: new SharedAnswers(SHARED_MS),
    zones: new SharedAnswers(BOOKED_MS),
    idlePowers: new SharedAnswers(BOOKED_MS),
    counters: new KnownCounters(),
  }
  app.get(
    '/api/v1/live',
    { config: { access: READ_TENANT } },
    async (request, reply): Promise<LiveAnswer> => {
      const identity = identityOf(request)
      const query = request.query as RawQuery
      knownParameters(query, ['host', 'minutes'])
      const minutes = integerParameter(query, 'minutes', { min: 1, max: 60, absent: 5 })
      reply.header('cache-control', 'no-store')
      const readings = context.readers(identity, reply)
      return answerLive(context, readings, shared, {
        tenant: identity.tenant,
        wanted: single(query, 'host') ?? '',
        minutes,
      })
    },
  )
}

interface LiveQuestion {
  readonly tenant: string
  /** '': any. */
  readonly wanted: string
  readonly minutes: number
}

async function answerLive(
  context: QueryContext,
  readings: FencedReader,
  shared: SharedParts,
  { tenant, wanted, minutes }: LiveQuestion,
): Promise<LiveAnswer> {
  const nowMs = context.now()
  const found = await shared.hosts.find(tenant, nowMs, sinceMs =>
    lookForHosts(readings, tenant, sinceMs, nowMs),
  )
  const joined = shared.joined.get(found) ?? joinHosts(found, context.config.hosts)
  shared.joined.set(found, joined)
  const known = joined.find(one => wanted === '' || one.hosts.includes(wanted))
  const host = known?.host ?? wanted
  const hosts = known?.hosts ?? (host === '' ? [] : [host])
  const read = () => readLive(context, readings, shared, { tenant, host, hosts, minutes, joined, nowMs })
  // Names that no host has are not kept.
  if (known === undefined) return await read()
  return await shared.answers.get(JSON.stringify([tenant, hosts, minutes]), nowMs, read)
}

interface HostQuestion extends OfHosts {
  /** '': there is none. */
  readonly host: string
  readonly minutes: number
  readonly joined: readonly JoinedHost[]
}

async function readLive(
  context: QueryContext,
  readings: FencedReader,
  shared: SharedParts,
  { tenant, host, hosts, minutes, joined, nowMs }: HostQuestion,
): Promise<LiveAnswer> {
  const { config } = context
  const ofHosts = { tenant, hosts, nowMs }
  const key = JSON.stringify([tenant, hosts])
  const isKnown = joined.some(one => one.host === host)
  const kept = <Known>(answers: SharedAnswers<Known>, read: () => Promise<Known>): Promise<Known> =>
    isKnown ? answers.get(key, nowMs, read) : read()
  const books = (await context.factors?.books()) ?? configuredBooks(configuredFactors(config))
  const rated = await kept(shared.zones, () => ratedZoneOf(readings, ofHosts))
  const now = currentFactors(config, books, { tenant, zone: rated ?? config.factors.zone, nowMs })
  if (host === '') return answerOf(now, { host, joined }, toIntervals([], { gapMs: 0 }))
  const spanMs = minutes * 60_000
  const bucketMs = Math.max(1_000, Math.floor(spanMs / POINTS))
  const counters = { key: JSON.stringify([tenant, hosts, minutes]), nowMs, spanMs, bucketMs }
  const rows = await shared.counters.find(counters, sinceMs => {
    const { text, params } = countersStatement({ tenant, hosts, sinceMs, bucketMs })
    return readings.query<CounterRow>(text, params)
  })
  if (rows.length === 0 && !isKnown) {
    throw new WattlineError('not_found', `Host ${host.slice(0, 100)} sent no readings in the last minutes.`)
  }
  const gpuIdlePowers = rows.some(row => isBoard(row.Domain))
    ? await kept(shared.idlePowers, () => idlePowersOf(readings, ofHosts))
    : new Map()
  return answerOf(now, { host, joined }, toIntervals(rows, { ...optionsOf(config), gpuIdlePowers }))
}

interface OfHosts {
  readonly tenant: string
  readonly hosts: readonly string[]
  readonly nowMs: number
}

/** Null: nothing of the host is in the books yet. */
async function ratedZoneOf(
  readings: FencedReader,
  { tenant, hosts, nowMs }: OfHosts,
): Promise<string | null> {
  if (hosts.length === 0) return null
  const { text, params } = zoneStatement(tenant, hosts, nowMs)
  const [found] = await readings.query<{ zone: string }>(text, params)
  return found === undefined || found.zone === '' ? null : found.zone
}

/** Asked for only where there are boards. */
async function idlePowersOf(readings: FencedReader, { tenant, hosts, nowMs }: OfHosts): Promise<IdlePowers> {
  const { text, params } = idlePowerStatement(tenant, hosts, nowMs)
  const [found] = await readings.query<{ idle_power: string }>(text, params)
  return parseIdlePowers(found?.idle_power ?? '')
}

async function lookForHosts(
  readings: FencedReader,
  tenant: string,
  sinceMs: number,
  nowMs: number,
): Promise<readonly SeenHost[]> {
  const [hosts, clocks] = [liveHostsStatement(tenant, sinceMs), clocksStatement(tenant, nowMs)]
  const seen = await readings.query<Omit<SeenHost, 'clock_offset_ms'>>(hosts.text, hosts.params)
  const off = await readings.query<ClockRow>(clocks.text, clocks.params)
  const offsets = new Map(
    off.flatMap(({ host, state, offset_ms: ms }) => (state === 'right' ? [] : [[host, Number(ms)] as const])),
  )
  return seen.map(one => ({ ...one, clock_offset_ms: offsets.get(one.host) ?? null }))
}

function optionsOf({ metering }: Config): LiveOptions {
  const { method, idle_watts: watts, sensor_gap: gapSeconds } = metering
  const isCalibrated = method === 'baseline' && watts !== undefined
  return {
    gapMs: gapSeconds * 1000,
    idleMicrowatts: isCalibrated ? BigInt(Math.round(watts * 1e6)) : null,
  }
}

function answerOf(
  now: CurrentFactors,
  { host, joined }: { readonly host: string; readonly joined: readonly JoinedHost[] },
  live: LiveIntervals,
): LiveAnswer {
  const estimated = live.roots.some(root => root.Quality === 'estimated')
  const bands = live.roots.map(root => Number(root.Attributes['error_band'])).filter(Number.isFinite)
  return {
    host,
    host_name: joined.find(one => one.host === host)?.host_name ?? host,
    hosts: joined.slice(0, HOSTS_LISTED).map(({ host: id, host_name }) => ({ host: id, host_name })),
    hosts_total: joined.length,
    clock_offset_ms: joined.find(one => one.host === host)?.clock_offset_ms ?? null,
    cpus: cpusOf(live.intervals),
    energy_quality: qualityOf(live.roots.map(root => root.Quality)),
    energy_source: [...new Set(live.roots.map(root => root.Source))].toSorted().join(', '),
    boundary: live.boundary,
    // The widest band of its parts: a sum of estimates is no more certain than they are.
    error_band: estimated && bands.length > 0 ? Math.max(...bands) : null,
    ...now,
    times_ms: live.intervals.map(interval => interval.toMs),
    series: toSeries(live),
  }
}

/** The worst quality of the meters: an estimate must never look better. */
function qualityOf(qualities: readonly string[]): LiveAnswer['energy_quality'] {
  return qualities.length === 0 ? 'none' : worstReadingQuality(qualities)
}

/** CPU capacity of the newest interval that has one. */
function cpusOf(intervals: readonly LiveInterval[]): number {
  const known = intervals.findLast(interval => interval.capacityUs > 0n)
  if (known === undefined) return 0
  return Math.round(Number(known.capacityUs) / 1000 / (known.toMs - known.fromMs))
}

type CurrentFactors = Pick<
  LiveAnswer,
  | 'zone'
  | 'intensity_g_per_kwh'
  | 'intensity_kind'
  | 'intensity_source'
  | 'pue'
  | 'currency'
  | 'price_per_kwh'
>

/** Current carbon and cost of a kilowatt-hour in the zone of the host, as rated for accounts without their own prices. */
function currentFactors(
  { factors }: Config,
  { intensities, prices }: FactorBooks,
  { tenant, zone, nowMs }: { readonly tenant: string; readonly zone: string; readonly nowMs: number },
): CurrentFactors {
  const minute = Math.floor(nowMs / 60_000) * 60
  const intensity = intensities.at(zone, 'average', minute)
  const { currency, energy } = prices.at({ tenant, account: '', zone }, minute)
  return {
    zone,
    intensity_g_per_kwh: intensity === null ? null : decimalText(intensity.value),
    intensity_kind: intensity?.kind ?? '',
    intensity_source: intensity?.source ?? '',
    pue: factors.pue,
    currency,
    price_per_kwh: energy === null ? null : decimalText(energy),
  }
}
