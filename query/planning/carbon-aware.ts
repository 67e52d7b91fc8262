/**
 * `/emissions/*`: the shapes of the web API of the Green Software Foundation's Carbon Aware SDK 1.x, for tools that ask it. A
 * location is a grid zone. The intensity is the average of the grid (location-based), as everywhere in the ledger.
 */
import type { FastifyInstance } from 'fastify'
import { WattlineError } from '../../core/catalogue/errors/errors.ts'
import { isoTime } from '../../core/model/iso-time.ts'
import { chooseWindow } from '../../core/planning/best-window.ts'
import { intensityOutlook } from '../../core/planning/outlook.ts'
import { integralOf, type PlanningSignal } from '../../core/planning/signal.ts'
import { given } from '../factors/bodies.ts'
import { READ } from '../http/auth.ts'
import type { QueryContext } from '../http/context.ts'
import {
  integerParameter,
  invalid,
  knownParameters,
  multiple,
  type RawQuery,
  single,
} from '../http/parameters.ts'
import { planTime, zonesOf } from './parameters.ts'

const KIND = 'average'
const DAY_S = 86_400
const MOST_S = 31 * DAY_S
const MOST_AHEAD_S = 14 * DAY_S

/** An `EmissionsData` of the SDK. */
interface EmissionsData {
  readonly location: string
  readonly time: string
  readonly rating: number
  /** Of .NET's TimeSpan. */
  readonly duration: string
}

/** Scope `read`. */
export function carbonAwareRoutes(app: FastifyInstance, context: QueryContext): void {
  const read = { config: { access: READ } }
  const nowS = (): number => Math.floor(context.now() / 1000)

  const observed = async (query: RawQuery, name: string): Promise<readonly EmissionsData[]> => {
    knownParameters(query, [name, 'time', 'toTime'])
    const now = nowS()
    const to = planTime(query, 'toTime', now, now)
    const from = planTime(query, 'time', now, to - DAY_S)
    if (to <= from || to - from > MOST_S)
      throw invalid('time', single(query, 'time') ?? '', 'at most 31 days before toTime')
    const { intensities } = await given(context.factors).books()
    return locationsOf(query, name).flatMap(zone => {
      const signal = intensityOutlook(intensities, { zone, kind: KIND }, { from, to, now })
      return known(signal, zone).map(piece => ({
        location: zone,
        time: isoTime(piece.from),
        rating: Number(piece.value) / 1e6,
        duration: timeSpan(piece.to - piece.from),
      }))
    })
  }

  app.addHook('onSend', async (request, reply) => {
    if (request.url.startsWith('/emissions/')) reply.header('x-signal-kind', KIND)
  })

  app.get('/emissions/bylocation', read, request => observed(request.query as RawQuery, 'location'))
  app.get('/emissions/bylocations', read, request => observed(request.query as RawQuery, 'locations'))
  app.get('/emissions/bylocations/best', read, async request => {
    const all = await observed(request.query as RawQuery, 'locations')
    const least = Math.min(...all.map(({ rating }) => rating))
    return all.filter(({ rating }) => rating === least)
  })

  app.get('/emissions/average-carbon-intensity', read, async request => {
    const query = request.query as RawQuery
    knownParameters(query, ['location', 'startTime', 'endTime'])
    const now = nowS()
    const [start, end] = [
      planTime(query, 'startTime', now, now - DAY_S),
      planTime(query, 'endTime', now, now),
    ]
    if (end <= start || end - start > MOST_S)
      throw invalid('endTime', single(query, 'endTime') ?? '', 'after startTime, by 31 days at most')
    const { intensities } = await given(context.factors).books()
    const [zone = ''] = locationsOf(query, 'location')
    const signal = known(
      intensityOutlook(intensities, { zone, kind: KIND }, { from: start, to: end, now }),
      zone,
    )
    const mean = Number(integralOf(signal, start, end)) / 1e6 / (end - start)
    return { location: zone, startTime: isoTime(start), endTime: isoTime(end), carbonIntensity: mean }
  })

  app.get('/emissions/forecasts/current', read, request =>
    currentForecasts(context, request.query as RawQuery, nowS()),
  )

  app.get('/locations', read, async () => {
    const zones = [
      ...new Set([context.config.factors.zone, ...context.config.sites.flatMap(site => site.zone ?? [])]),
    ]
    return Object.fromEntries(zones.map(zone => [zone, { name: zone, latitude: null, longitude: null }]))
  })
}

/** The forecast of each location over a time, with its best window. */
async function currentForecasts({ factors }: QueryContext, query: RawQuery, now: number) {
  knownParameters(query, ['location', 'dataStartAt', 'dataEndAt', 'windowSize'])
  const start = planTime(query, 'dataStartAt', now, Math.ceil(now / 300) * 300)
  const end = planTime(query, 'dataEndAt', now, start + DAY_S)
  const minutes = integerParameter(query, 'windowSize', { min: 1, max: 20_160, absent: 5 })
  if (end - start < minutes * 60 || end - now > MOST_AHEAD_S)
    throw invalid(
      'dataEndAt',
      single(query, 'dataEndAt') ?? '',
      'after dataStartAt by at least windowSize, and at most 14 days ahead',
    )
  const { intensities } = await given(factors).books()
  return locationsOf(query, 'location').map(zone => {
    const signal = known(
      intensityOutlook(intensities, { zone, kind: KIND }, { from: start, to: end, now }),
      zone,
    )
    const job = { durationS: minutes * 60, notBefore: start, deadline: end, stepS: 60 }
    const best = chooseWindow(signal, job)?.best
    const data = windows(signal, zone, start, end, minutes)
    return {
      requestedAt: isoTime(now),
      generatedAt: isoTime(now),
      location: zone,
      dataStartAt: isoTime(start),
      dataEndAt: isoTime(end),
      windowSize: minutes,
      optimalDataPoints: best === undefined ? [] : [dataPoint(signal, zone, best.start, minutes)],
      forecastData: data,
    }
  })
}

/** Rolling means of the window, one every five minutes. */
function windows(signal: PlanningSignal, zone: string, from: number, to: number, minutes: number) {
  const starts: number[] = []
  for (let at = from; at + minutes * 60 <= to && starts.length < MOST_POINTS; at += 300) starts.push(at)
  return starts.map(start => dataPoint(signal, zone, start, minutes))
}
const MOST_POINTS = 5_000

const dataPoint = (signal: PlanningSignal, location: string, start: number, minutes: number) => ({
  location,
  timestamp: isoTime(start),
  duration: minutes,
  value: Number(integralOf(signal, start, start + minutes * 60)) / 1e6 / (minutes * 60),
})

function locationsOf(query: RawQuery, name: string): readonly string[] {
  if (multiple(query, name).length === 0) throw invalid(name, '', 'a grid zone such as DE')
  return zonesOf(query, '', name)
}

function known(signal: PlanningSignal | null, zone: string): PlanningSignal {
  if (signal !== null) return signal
  throw new WattlineError('not_found', `No intensity is known for zone ${zone}.`)
}

/** `[d.]hh:mm:ss` */
function timeSpan(seconds: number): string {
  const days = Math.floor(seconds / DAY_S)
  const time = new Date((seconds % DAY_S) * 1000).toISOString().slice(11, 19)
  return days === 0 ? time : `${days}.${time}`
}
