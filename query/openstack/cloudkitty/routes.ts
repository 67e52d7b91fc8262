/** CloudKitty's API, for reading: below `/cloudkitty`, and at the root. */
import type { FastifyInstance } from 'fastify'
import type { QueryContext } from '../../http/context.ts'
import { single } from '../../http/parameters.ts'
import { openStackApi } from '../shared/api.ts'
import { dataframesOf } from './dataframes.ts'
import { badRequest, CloudKittyError } from './failure.ts'
import { quantityNumber, scaledQuantity } from './rated.ts'
import { askedPage, groupingOf, ratedQuestion } from './request.ts'
import { scopesOf } from './scopes.ts'
import { ratedSummary, type Summary, summaryShape } from './summary.ts'

const FOR_READING = "Wattline serves CloudKitty's API for reading: prices are tariffs of Wattline."

/** Needs scope read. Tokens limited to accounts see these. */
export function cloudKittyRoutes(app: FastifyInstance, context: QueryContext): void {
  const { now, config } = context
  const failures = {
    home: '/cloudkitty',
    ownFailure: (error: unknown) =>
      error instanceof CloudKittyError
        ? { status: error.status, body: { message: error.message } }
        : undefined,
    failure: ({ status, message, remedy }: { status: number; message: string; remedy: string }) => ({
      status,
      body: { message: `${message} ${remedy}` },
    }),
    unknown: (method: string) =>
      method === 'GET' || method === 'HEAD'
        ? { status: 404, body: { message: 'The requested URL was not found.' } }
        : { status: 405, body: { message: FOR_READING } },
  }
  const route = openStackApi(app, context, failures)
  route('GET', '/v2/summary', async ({ query, reader, identity }) => {
    const format = single(query, 'response_format') || 'table'
    if (format !== 'table' && format !== 'object')
      throw badRequest(
        `Invalid response format [${format.slice(0, 100)}]. Valid format are ['table', 'object'].`,
      )
    if (single(query, 'custom_fields'))
      throw badRequest('custom_fields is not supported: a summary has qty and rate. Use SQL for other sums.')
    const page = askedPage(query)
    const summary = await ratedSummary(reader, ratedQuestion(query, identity, now()), groupingOf(query))
    return summaryAnswer(summary, format, page)
  })
  route(
    'GET',
    '/v2/dataframes',
    async ({ query, reader, identity }) =>
      await dataframesOf(reader, ratedQuestion(query, identity, now()), askedPage(query)),
  )
  route(
    'GET',
    '/v2/scope',
    async ({ query, reader, identity }) =>
      await scopesOf(reader, identity.tenant, query, {
        page: askedPage(query),
        nowMs: now(),
        days: config.retention.ledger_days,
      }),
  )

  for (const path of ['', '/'])
    route('GET', path, async ({ request }) => {
      const href = `${request.protocol}://${request.host}/cloudkitty/v2`
      return { versions: [{ id: 'v2', links: [{ href, rel: 'self' }], status: 'CURRENT' }] }
    })
}

/** Microjoules of a kilowatt-hour. */
const KWH_UJ = 3_600_000_000_000n

function summaryAnswer(
  { rows, unpricedUj }: Summary,
  format: 'table' | 'object',
  { offset, limit }: { readonly offset: number; readonly limit: number },
): object {
  const results = rows.slice(offset, offset + limit).map(summaryShape)
  return {
    total: rows.length,
    ...(format === 'object'
      ? { results }
      : { columns: Object.keys(results[0] ?? {}), results: results.map(row => Object.values(row)) }),
    format,
    // Energy is part of qty although its cost is missing in rate.
    ...(unpricedUj === 0n ? {} : { unpriced_kwh: quantityNumber(scaledQuantity(unpricedUj, KWH_UJ)) }),
  }
}
