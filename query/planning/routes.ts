/** `/api/v1/intensity` and `/api/v1/intensity/best-window`: what the grid is expected to do, and when a job runs best. */
import type { FastifyInstance } from 'fastify'
import type {
  BestWindowAnswer,
  IntensityOutlookAnswer,
  OutlookValue,
  PlannedWindow,
} from '../../core/api/answers.ts'
import { WattlineError } from '../../core/catalogue/errors/errors.ts'
import { isoTime } from '../../core/model/iso-time.ts'
import type { FoundWindow } from '../../core/planning/best-window.ts'
import { intensityOutlook } from '../../core/planning/outlook.ts'
import { type PlanRequest, planJob, type ZonePlan } from '../../core/planning/plan.ts'
import { basesOf, integralOf, type SignalPiece } from '../../core/planning/signal.ts'
import { given } from '../factors/bodies.ts'
import { identityOf, READ } from '../http/auth.ts'
import type { QueryContext } from '../http/context.ts'
import { invalid, knownParameters, type RawQuery, single } from '../http/parameters.ts'
import { carbonAwareRoutes } from './carbon-aware.ts'
import { kindOf, objectiveOf, planDuration, planTime, powerOf, zonesOf } from './parameters.ts'

const HOUR_S = 3_600
const MOST_AHEAD_S = 14 * 86_400
const MINUTE_S = 60

/** Scope `read`; prices are those of the asker's tenant. */
export function planningRoutes(app: FastifyInstance, context: QueryContext): void {
  const nowS = (): number => Math.floor(context.now() / 1000)
  const read = { config: { access: READ } }

  app.get('/api/v1/intensity', read, async (request, reply): Promise<IntensityOutlookAnswer> => {
    const query = request.query as RawQuery
    knownParameters(query, ['zone', 'kind', 'back', 'ahead'])
    const [zones, kind, now] = [zonesOf(query, context.config.factors.zone), kindOf(query), nowS()]
    const from = floorTo(now - planDuration(query, 'back', HOUR_S, 31 * 86_400), HOUR_S)
    const to = floorTo(now + planDuration(query, 'ahead', 24 * HOUR_S, MOST_AHEAD_S), HOUR_S) + HOUR_S
    const { intensities } = await given(context.factors).books()
    reply.header('cache-control', 'no-store')
    return {
      kind,
      unit: 'gCO2e/kWh',
      zones: zones.map(zone => {
        const values = (intensityOutlook(intensities, { zone, kind }, { from, to, now }) ?? []).map(
          valueOfPiece,
        )
        const at = new Date(now * 1000).toISOString()
        return { zone, now: values.find(one => one.from <= at && at < one.to) ?? null, values }
      }),
    }
  })

  app.get('/api/v1/intensity/best-window', read, async (request, reply): Promise<BestWindowAnswer> => {
    const query = request.query as RawQuery
    knownParameters(query, NAMES)
    const { tenant } = identityOf(request)
    const asked = planRequestOf(query, { tenant, now: nowS(), zone: context.config.factors.zone })
    reply.header('cache-control', 'no-store')
    return answerOf(asked, powerOf(query, 1_000_000), planJob(await given(context.factors).books(), asked))
  })

  carbonAwareRoutes(app, context)
}

const NAMES = [
  'zone',
  'kind',
  'duration',
  'power',
  'deadline',
  'not_before',
  'step',
  'objective',
  'carbon_price',
  'account',
  'currency',
]

const floorTo = (seconds: number, unit: number): number => Math.floor(seconds / unit) * unit

function planRequestOf(
  query: RawQuery,
  { tenant, now, zone }: { readonly tenant: string; readonly now: number; readonly zone: string },
): PlanRequest {
  const durationS = planDuration(query, 'duration', null, MOST_AHEAD_S)
  const soon = Math.ceil(now / MINUTE_S) * MINUTE_S
  const notBefore = Math.ceil(planTime(query, 'not_before', now, soon) / MINUTE_S) * MINUTE_S
  const deadline = planTime(query, 'deadline', now, notBefore + Math.max(24 * HOUR_S, durationS))
  if (deadline - durationS < notBefore) {
    throw invalid('deadline', single(query, 'deadline') ?? '', 'a time by which the job can be done')
  }
  if (deadline - now > MOST_AHEAD_S)
    throw invalid('deadline', single(query, 'deadline') ?? '', 'at most 14 days ahead')
  return {
    job: { durationS, notBefore, deadline, stepS: planDuration(query, 'step', MINUTE_S, 86_400) },
    zones: zonesOf(query, zone),
    kind: kindOf(query),
    objective: objectiveOf(query),
    tenant,
    account: single(query, 'account') ?? '',
    currency: single(query, 'currency') ?? null,
    now,
  }
}

function answerOf(
  { job, kind, objective, zones }: PlanRequest,
  powerMw: number,
  plan: ReturnType<typeof planJob>,
): BestWindowAnswer {
  const [best] = plan?.zones ?? []
  if (plan === null || best === undefined) {
    const what = objective.by === 'carbon' ? 'an intensity' : 'an intensity and a price'
    throw new WattlineError('not_found', `No zone of ${zones.join(', ')} has ${what} for the whole time.`)
  }
  const windowOf = (zone: ZonePlan, found: FoundWindow): PlannedWindow =>
    plannedWindow(zone, found, job.durationS, powerMw)
  const home = plan.zones.find(({ zone }) => zone === zones[0]) ?? best
  const [chosen, now] = [windowOf(best, best.choice.best), windowOf(home, home.choice.first)]
  return {
    objective: objective.by,
    kind,
    currency: plan.currency,
    job: {
      duration_s: job.durationS,
      power_w: powerMw / 1_000,
      energy_kwh: (powerMw * job.durationS) / 3.6e9,
    },
    not_before: isoTime(job.notBefore),
    deadline: isoTime(job.deadline),
    best: chosen,
    now,
    saved: {
      carbon_g: now.carbon_g - chosen.carbon_g,
      cost: now.cost === null || chosen.cost === null ? null : now.cost - chosen.cost,
    },
    zones: plan.zones.map(zone => ({
      zone: zone.zone,
      best: windowOf(zone, zone.choice.best),
      worst: windowOf(zone, zone.choice.worst),
    })),
    unknown: plan.unknown,
  }
}

function plannedWindow(
  { zone, carbon, price }: ZonePlan,
  { start }: FoundWindow,
  durationS: number,
  powerMw: number,
): PlannedWindow {
  const end = start + durationS
  /** A millionth per kWh, over seconds, at a power in mW. */
  const amount = (integral: bigint): number => (Number(integral) / 1e6) * (powerMw / 3.6e9)
  const grams = (pick: (piece: SignalPiece) => bigint): number => amount(integralOf(carbon, start, end, pick))
  return {
    zone,
    start: isoTime(start),
    end: isoTime(end),
    carbon_g: grams(piece => piece.value),
    carbon_low_g: grams(piece => piece.low),
    carbon_high_g: grams(piece => piece.high),
    mean_g_per_kwh: Number(integralOf(carbon, start, end)) / 1e6 / durationS,
    cost: price === null ? null : amount(integralOf(price, start, end)),
    basis: basesOf(carbon, start, end),
  }
}

const valueOfPiece = ({ from, to, value, low, high, basis }: SignalPiece): OutlookValue => ({
  from: isoTime(from),
  to: isoTime(to),
  g_per_kwh: Number(value) / 1e6,
  low: Number(low) / 1e6,
  high: Number(high) / 1e6,
  basis,
})
