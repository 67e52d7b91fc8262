/** `GET /api/v1/scaling/{name}/decisions`: why numbers were what they were, and what came of them. */
import type { FastifyInstance } from 'fastify'
import type {
  ScalingDecisionAnswer,
  ScalingDecisionsAnswer,
  ScalingEffectAnswer,
} from '../../core/api/answers.ts'
import { isoSecond } from '../../core/model/iso-time.ts'
import type { ScalingRule } from '../../core/model/scaling.ts'
import { identityOf, READ_TENANT } from '../http/auth.ts'
import type { QueryContext } from '../http/context.ts'
import { integerParameter, invalid, knownParameters, type RawQuery, single } from '../http/parameters.ts'
import { decisionsStatement } from './statements.ts'

const MOST = 1_000

/** Scope `read` of the whole tenant. */
export function scalingDecisionRoutes(app: FastifyInstance, context: QueryContext): void {
  app.get<{ Params: { name: string } }>(
    '/api/v1/scaling/:name/decisions',
    { config: { access: READ_TENANT } },
    async (request, reply): Promise<ScalingDecisionsAnswer> => {
      const query = request.query as RawQuery
      knownParameters(query, ['limit', 'before'])
      const limit = integerParameter(query, 'limit', { min: 1, max: MOST, absent: 100 })
      const before = beforeOf(single(query, 'before'), context.now())
      const { text, params } = decisionsStatement(request.params.name, before, limit + 1)
      const rows = await context.readers(identityOf(request), reply).query<StoredDecision>(text, params)
      reply.header('cache-control', 'no-store')
      return { decisions: rows.slice(0, limit).map(decisionOf), truncated: rows.length > limit }
    },
  )
}

const FAR_MS = 86_400_000

/** Decisions before it; by default all. */
function beforeOf(given: string | undefined, nowMs: number): number {
  if (given === undefined) return Math.floor((nowMs + FAR_MS) / 1000)
  const ms = Date.parse(given)
  if (Number.isNaN(ms) || ms < 0 || ms > nowMs + FAR_MS)
    throw invalid('before', given, 'a time such as 2026-11-30T12:00:00Z')
  return Math.floor(ms / 1000)
}

interface StoredDecision {
  readonly id: string
  readonly time: number
  readonly policy_version: string
  readonly replicas: number
  readonly previous: string | null
  readonly ruled_by: ScalingRule
  readonly demand: number | null
  readonly demand_replicas: string | null
  readonly demand_age: string | null
  readonly floor: number
  readonly ceiling: string | null
  readonly watts: number | null
  readonly watts_quality: ScalingDecisionAnswer['watts_quality']
  readonly zone: string
  readonly g_per_kwh: number | null
  readonly intensity_version: string
  readonly price: number | null
  readonly currency: string
  readonly tariff_version: string
  readonly without: string
  readonly explanation: string
  readonly inputs: string
  readonly bounds: string
  readonly effects: string | number
  readonly effect_from: number
  readonly effect_to: number
  readonly effect_replicas: number | null
  readonly effect_watts: number | null
  readonly effect_carbon_ug: string | null
  readonly effect_cost_nano: string | null
  readonly effect_currency: string
}

const numberOf = (text: string | null): number | null => (text === null ? null : Number(text))

function decisionOf(row: StoredDecision): ScalingDecisionAnswer {
  return {
    time: isoSecond(row.time),
    id: row.id,
    policy_version: row.policy_version,
    replicas: row.replicas,
    previous: numberOf(row.previous),
    ruled_by: row.ruled_by,
    explanation: row.explanation.split('\n'),
    demand: row.demand,
    demand_replicas: numberOf(row.demand_replicas),
    demand_age_s: numberOf(row.demand_age),
    floor: row.floor,
    ceiling: numberOf(row.ceiling),
    bounds: JSON.parse(row.bounds) as ScalingDecisionAnswer['bounds'],
    without: row.without === '' ? [] : row.without.split('; '),
    watts_per_replica: row.watts,
    watts_quality: row.watts_quality,
    zone: row.zone,
    g_per_kwh: row.g_per_kwh,
    intensity_version: row.intensity_version,
    price_per_kwh: row.price,
    currency: row.currency,
    tariff_version: row.tariff_version,
    inputs: JSON.parse(row.inputs) as unknown,
    effect: Number(row.effects) === 0 ? null : effectOf(row),
  }
}

const effectOf = (row: StoredDecision): ScalingEffectAnswer => ({
  from: isoSecond(row.effect_from),
  to: isoSecond(row.effect_to),
  replicas: row.effect_replicas,
  watts: row.effect_watts,
  carbon_g: row.effect_carbon_ug === null ? null : Number(row.effect_carbon_ug) / 1e6,
  cost: row.effect_cost_nano === null ? null : Number(row.effect_cost_nano) / 1e9,
  currency: row.effect_currency,
})
