/** `GET /api/v1/hosts` and `GET /api/v1/workloads`: names that were joined, and why. */
import type { FastifyInstance } from 'fastify'
import type { HostsAnswer, WorkloadsAnswer } from '../../core/api/answers.ts'
import { identityOf, READ_TENANT } from '../http/auth.ts'
import type { QueryContext } from '../http/context.ts'
import { integerParameter, knownParameters, type RawQuery, single } from '../http/parameters.ts'
import { hostsAnswer, machinesIn } from './hosts.ts'
import { type NameRow, namesStatement, toldWorkloadsStatement, type WorkloadRow } from './statements.ts'
import { workloadAnswers } from './workloads.ts'

const MOST_MINUTES = 1440
const LISTED = 1_000

/** Needs scope read of the whole tenant. */
export function identityRoutes(app: FastifyInstance, context: QueryContext): void {
  const { hosts: rules } = context.config
  app.get(
    '/api/v1/hosts',
    { config: { access: READ_TENANT } },
    async (request, reply): Promise<HostsAnswer> => {
      const identity = identityOf(request)
      const query = request.query as RawQuery
      knownParameters(query, ['minutes'])
      reply.header('cache-control', 'no-store')
      const { text, params } = namesStatement(identity.tenant, sinceMs(context, query))
      return hostsAnswer(await context.readers(identity, reply).query<NameRow>(text, params), rules)
    },
  )
  app.get(
    '/api/v1/workloads',
    { config: { access: READ_TENANT } },
    async (request, reply): Promise<WorkloadsAnswer> => {
      const identity = identityOf(request)
      const query = request.query as RawQuery
      knownParameters(query, ['host', 'minutes'])
      reply.header('cache-control', 'no-store')
      const { tenant } = identity
      const since = sinceMs(context, query)
      const wanted = single(query, 'host') ?? ''
      const readings = context.readers(identity, reply)
      const names = namesStatement(tenant, since)
      const machines = machinesIn(await readings.query<NameRow>(names.text, names.params), rules).filter(
        ({ host, stored }) => wanted === '' || host === wanted || stored.includes(wanted),
      )
      if (machines.length === 0) return { workloads: [], total: 0 }
      const stored = wanted === '' ? [] : machines.flatMap(machine => machine.stored)
      const { text, params } = toldWorkloadsStatement(tenant, since, stored)
      const rows = Map.groupBy(await readings.query<WorkloadRow>(text, params), ({ host }) => host)
      const workloads = machines.flatMap(machine =>
        workloadAnswers(
          machine.host,
          machine.stored.flatMap(name => rows.get(name) ?? []),
        ),
      )
      return { workloads: workloads.slice(0, LISTED), total: workloads.length }
    },
  )
}

const sinceMs = (context: QueryContext, query: RawQuery): number =>
  context.now() - integerParameter(query, 'minutes', { min: 1, max: MOST_MINUTES, absent: 15 }) * 60_000
