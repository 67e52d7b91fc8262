/** `POST /api/v1/sql`: one statement as JSON in, ClickHouse's JSON format out. */
import type { FastifyInstance } from 'fastify'
import { WattlineError } from '../../core/catalogue/errors/errors.ts'
import type { QueryParam } from '../../core/warehouse/warehouse.ts'
import { disconnectSignal } from '../fence/client-disconnect.ts'
import { identityOf, READ } from '../http/auth.ts'
import type { QueryContext } from '../http/context.ts'
import { readerLimits } from '../http/slow-reader.ts'
import { sendChunks } from '../http/stream-answer.ts'
import type { SqlService } from './service.ts'
import { readStatement } from './statement.ts'
import { assertParameterLengths } from './text-limits.ts'

/** Needs scope read. A failure in the middle of the answer cuts the connection. */
export function sqlRoutes(app: FastifyInstance, context: QueryContext, sql: SqlService): void {
  app.post('/api/v1/sql', { config: { access: READ } }, async (request, reply) => {
    const { tenant, accounts } = identityOf(request)
    const { query, params } = readBody(request.body)
    const statement = readStatement(query, 'JSON')
    if (statement.format.name !== 'JSON') {
      throw new WattlineError('sql_refused', 'This route answers JSON; other formats are at /clickhouse/.')
    }
    const signal = disconnectSignal(reply)
    await sql.run({ statement, params, tenant, accounts, signal }, async answer => {
      reply.type('application/json; charset=utf-8')
      await sendChunks(reply, answer.chunks, {
        coding: undefined,
        onLate: () => new Uint8Array(),
        reader: readerLimits(context.config.limits.sql, reason =>
          context.events.emit('answerCut', { reason, tenant }),
        ),
      })
    })
    return reply
  })
}

/** @throws WattlineError `parameter_invalid` with the problem of the body. */
function readBody(body: unknown): { query: string; params: Record<string, QueryParam> } {
  if (typeof body !== 'object' || body === null || !('query' in body) || typeof body.query !== 'string') {
    throw new WattlineError(
      'parameter_invalid',
      'The body must be JSON such as {"query": "SELECT 1", "params": {}}.',
    )
  }
  const unknown = Object.keys(body).find(key => key !== 'query' && key !== 'params')
  if (unknown !== undefined) {
    throw new WattlineError(
      'parameter_invalid',
      `The body must have only query and params, not ${unknown.slice(0, 100)}.`,
    )
  }
  const given: unknown = 'params' in body ? body.params : {}
  if (typeof given !== 'object' || given === null || Array.isArray(given)) {
    throw new WattlineError('parameter_invalid', 'params must be an object of values by name.')
  }
  assertParameterLengths(Object.entries(given))
  const params: Record<string, QueryParam> = {}
  for (const [name, value] of Object.entries(given)) params[name] = readParam(name, value)
  return { query: body.query, params }
}

function readParam(name: string, value: unknown): QueryParam {
  if (!/^[A-Za-z_]\w{0,63}$/.test(name)) {
    throw new WattlineError('parameter_invalid', `params.${name.slice(0, 100)} is not a name.`)
  }
  const plain = (item: unknown): item is string | number => ['string', 'number'].includes(typeof item)
  if (value === null || plain(value) || typeof value === 'boolean') return value
  const isItem = (item: unknown): item is string | number | null => item === null || plain(item)
  if (Array.isArray(value) && value.every(isItem)) return value
  throw new WattlineError(
    'parameter_invalid',
    `params.${name} must be a string, a number, a boolean, null, or a list of strings, numbers and nulls.`,
  )
}
