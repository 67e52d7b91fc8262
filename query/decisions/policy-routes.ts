/** `/api/v1/scaling/policies`: policies of a tenant, and their history. */
import type { FastifyInstance } from 'fastify'
import type {
  ChangedAnswer,
  ScalingPoliciesAnswer,
  ScalingPolicyAnswer,
  ScalingPolicyHistoryAnswer,
  ScalingPolicyPutAnswer,
} from '../../core/api/answers.ts'
import { type NamedPolicy, namedPolicy } from '../../core/autoscaling/policies.ts'
import type { PolicyLog } from '../../core/autoscaling/policy-log.ts'
import {
  POLICY_NAME_SHAPE,
  SCALING_POLICY_NAME,
  scalingPolicySchema,
} from '../../core/catalogue/config/keys/scaling.ts'
import { policyProblems } from '../../core/catalogue/config/scaling.ts'
import { WattlineError } from '../../core/catalogue/errors/errors.ts'
import { isoSecond } from '../../core/model/iso-time.ts'
import { parseBody, unusable } from '../factors/bodies.ts'
import { ADMIN_TENANT, identityOf, READ_TENANT } from '../http/auth.ts'
import type { QueryContext } from '../http/context.ts'
import { knownParameters, type RawQuery } from '../http/parameters.ts'
import { policyHistoryStatement } from './statements.ts'

const ROUTE = '/api/v1/scaling/policies'
const WHAT = 'scaling policy'

type PolicyPath = { Params: { name: string } }

/** Reading needs scope `read` of the whole tenant, changes need scope `admin`. */
export function scalingPolicyRoutes(app: FastifyInstance, context: QueryContext): void {
  const read = { config: { access: READ_TENANT } }
  const admin = { config: { access: ADMIN_TENANT } }

  app.get(ROUTE, read, async (request, reply): Promise<ScalingPoliciesAnswer> => {
    knownParameters(request.query as RawQuery, [])
    const found = await given(context.policyLog).list(identityOf(request).tenant)
    reply.header('cache-control', 'no-store')
    return { policies: found.map(answerOf) }
  })

  app.get<PolicyPath>(`${ROUTE}/:name`, read, async (request, reply): Promise<ScalingPolicyHistoryAnswer> => {
    knownParameters(request.query as RawQuery, [])
    const identity = identityOf(request)
    const { name } = request.params
    const found = (await given(context.policyLog).list(identity.tenant)).find(one => one.name === name)
    if (found === undefined) throw unknown(name)
    const { text, params } = policyHistoryStatement(name)
    const rows = await context.readers(identity, reply).query<VersionRow>(text, params)
    reply.header('cache-control', 'no-store')
    const history = rows.map(row => ({
      updated: isoSecond(row.updated),
      state: row.state,
      source: row.source,
      version: row.version,
      policy: JSON.parse(row.policy) as unknown,
    }))
    return { ...answerOf(found), history }
  })

  app.put<PolicyPath>(`${ROUTE}/:name`, admin, async (request): Promise<ScalingPolicyPutAnswer> => {
    const { tenant } = identityOf(request)
    const named = policyOf(tenant, request.params.name, request.body)
    const changed = await given(context.policyLog).put(named)
    return { name: named.name, version: named.version, changed }
  })

  app.delete<PolicyPath>(`${ROUTE}/:name`, admin, async (request): Promise<ChangedAnswer> => {
    const { tenant } = identityOf(request)
    if (!(await given(context.policyLog).end(tenant, request.params.name))) throw unknown(request.params.name)
    return { changed: true }
  })
}

interface VersionRow {
  readonly updated: number
  readonly state: 'active' | 'deleted'
  readonly source: 'configuration' | 'api'
  readonly version: string
  readonly policy: string
}

/** @throws WattlineError `parameter_invalid` with all that is wrong */
function policyOf(tenant: string, name: string, body: unknown): NamedPolicy {
  if (!SCALING_POLICY_NAME.test(name)) throw unusable(WHAT, `its name ${POLICY_NAME_SHAPE}`)
  const content = parseBody(scalingPolicySchema, body, WHAT)
  const problems = policyProblems(content).map(({ path, problem }) => `${path} ${problem}`)
  if (problems.length > 0) throw unusable(WHAT, problems.join('; '))
  return namedPolicy(tenant, name, 'api', content)
}

const answerOf = ({ name, version, source, content }: NamedPolicy): ScalingPolicyAnswer => ({
  name,
  version,
  source,
  policy: content,
})

const unknown = (name: string): WattlineError =>
  new WattlineError(
    'not_found',
    `There is no scaling policy ${name.slice(0, 100)} here. Policies of the configuration are removed there.`,
  )

function given(log: PolicyLog | undefined): PolicyLog {
  if (log !== undefined) return log
  throw new WattlineError(
    'not_found',
    'This process does not have the log open: ask one with role query that has.',
  )
}
