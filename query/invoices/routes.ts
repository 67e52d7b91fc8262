/** `/api/v1/invoices`: bills, closing of periods, and the entries behind a line. `/api/v1/focus`: bills as FOCUS. */
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { z } from 'zod'
import type { InvoiceAnswer, InvoicesAnswer } from '../../core/api/answers.ts'
import { PERIOD, periodAt } from '../../core/billing/periods.ts'
import type { InvoiceRows } from '../../core/billing/rows.ts'
import { WattlineError } from '../../core/catalogue/errors/errors.ts'
import type { InvoiceLineRow } from '../../core/model/streams/invoices.ts'
import { disconnectSignal } from '../fence/client-disconnect.ts'
import { ADMIN_TENANT, identityOf, READ } from '../http/auth.ts'
import type { QueryContext } from '../http/context.ts'
import {
  integerParameter,
  invalid,
  knownParameters,
  type RawQuery,
  single,
  wordParameter,
} from '../http/parameters.ts'
import { readerLimits } from '../http/slow-reader.ts'
import { sendChunks } from '../http/stream-answer.ts'
import type { SqlService } from '../sql/service.ts'
import { readStatement } from '../sql/statement.ts'
import { invoiceAnswer } from './answer.ts'
import { closePeriod } from './closing.ts'
import { type DraftReaders, makeDrafts, readClosedPeriods } from './drafts.ts'
import { readEntries } from './entries.ts'
import { focusCsv, focusStatement } from './focus.ts'
import { htmlHeaders, invoicePage } from './html.ts'
import { readInvoices, readLines } from './stored.ts'

const ROUTE = '/api/v1/invoices'
/** Most bills of one answer, and most of them with lines. */
const LIMIT = { min: 1, max: 10_000, absent: 100 }
const WITH_LINES = { min: 1, max: 200, absent: 100 }
const OFFSET = { min: 0, max: 1_000_000_000, absent: 0 }

/** GET needs scope `read`, and a token limited to accounts sees theirs; closing needs scope `admin` of the tenant. */
export function invoiceRoutes(app: FastifyInstance, context: QueryContext, sql: SqlService): void {
  app.get(ROUTE, { config: { access: READ } }, async (request, reply): Promise<InvoicesAnswer> => {
    const query = request.query as RawQuery
    knownParameters(query, ['period', 'account', 'currency', 'lines', 'limit', 'offset'])
    reply.header('cache-control', 'no-store')
    return await listInvoices(context, request, reply)
  })

  app.post(ROUTE, { config: { access: ADMIN_TENANT } }, async (request, reply) => {
    const period = closedBy(request.body)
    const { broker } = withLog(context)
    const { tenant } = identityOf(request)
    const reader = context.readers(identityOf(request), reply)
    const answer = await closePeriod(broker, reader, { tenant, period, nowMs: context.now() })
    return reply.code(answer.state === 'closed' ? 200 : 202).send(answer)
  })

  app.get(`${ROUTE}/draft`, { config: { access: READ } }, async (request, reply) => {
    const query = request.query as RawQuery
    knownParameters(query, ['period', 'account', 'currency', 'format'])
    const format = wordParameter(query, 'format', ['json', 'html'], 'json')
    const answer = await oneDraft(context, request, reply)
    reply.header('cache-control', 'no-store')
    return format === 'html' ? reply.headers(htmlHeaders()).send(invoicePage(answer)) : answer
  })

  app.get(`${ROUTE}/:id`, { config: { access: READ } }, async (request, reply) => {
    const query = request.query as RawQuery
    knownParameters(query, ['format'])
    const format = wordParameter(query, 'format', ['json', 'html'], 'json')
    const answer = await oneInvoice(context, request, reply)
    reply.header('cache-control', 'no-store')
    return format === 'html' ? reply.headers(htmlHeaders()).send(invoicePage(answer)) : answer
  })

  app.get(`${ROUTE}/:id/lines/:line/entries`, { config: { access: READ } }, async (request, reply) => {
    const query = request.query as RawQuery
    knownParameters(query, ['limit', 'offset'])
    const page = {
      limit: integerParameter(query, 'limit', { min: 1, max: 10_000, absent: 1_000 }),
      offset: integerParameter(query, 'offset', OFFSET),
    }
    const reader = context.readers(identityOf(request), reply)
    const line = await lineOf(context, request, reply)
    reply.header('cache-control', 'no-store')
    return await readEntries(reader, line, page)
  })

  app.get('/api/v1/focus', { config: { access: READ } }, async (request, reply) => {
    const query = request.query as RawQuery
    knownParameters(query, ['period', 'account', 'format'])
    const format = wordParameter(query, 'format', ['csv', 'parquet'], 'csv')
    const period = periodOf(single(query, 'period') ?? '')
    const identity = identityOf(request)
    const readers = readersOf(context, request, reply)
    if (!(await readClosedPeriods(readers, identity.tenant)).includes(period)) {
      throw new WattlineError('not_found', `Period ${period} is not closed: it has no bills yet.`)
    }
    const text = focusStatement(
      { period, account: single(query, 'account') },
      format === 'csv' ? 'text' : 'typed',
    )
    const statement = readStatement(text, format === 'csv' ? 'JSONCompactEachRow' : 'Parquet')
    const signal = disconnectSignal(reply)
    await sql.run({ statement, params: {}, ...identity, signal }, async answer => {
      const type =
        format === 'csv' ? 'text/csv; charset=utf-8; header=present' : 'application/vnd.apache.parquet'
      reply.type(type).header('cache-control', 'no-store')
      reply.header('content-disposition', `attachment; filename="focus-${period}.${format}"`)
      await sendChunks(reply, format === 'csv' ? focusCsv(answer.chunks) : answer.chunks, {
        coding: undefined,
        onLate: () => new Uint8Array(),
        reader: readerLimits(context.config.limits.sql, reason =>
          context.events.emit('answerCut', { reason, tenant: identity.tenant }),
        ),
      })
    })
    return reply
  })
}

/** Bills that are closed; of an open period those that there would be now. */
async function listInvoices(
  context: QueryContext,
  request: FastifyRequest,
  reply: FastifyReply,
): Promise<InvoicesAnswer> {
  const query = request.query as RawQuery
  const { tenant } = identityOf(request)
  const [period, account] = [single(query, 'period'), single(query, 'account')]
  const currency = single(query, 'currency')
  const withLines = wordParameter(query, 'lines', ['true', 'false'], 'false') === 'true'
  const limit = integerParameter(query, 'limit', withLines ? WITH_LINES : LIMIT)
  const offset = integerParameter(query, 'offset', OFFSET)
  const readers = readersOf(context, request, reply)
  if (period !== undefined) {
    const drafts = await draftsOf(context, request, reply, { period: periodOf(period), account, limit })
    const shown = drafts?.slice(0, limit) ?? []
    const answers = shown.map(({ invoice, lines }) => invoiceAnswer(invoice, withLines ? lines : undefined))
    if (drafts !== null) return { invoices: answers, truncated: drafts.length > limit }
  }
  const filter = { tenant, period, account, currency }
  const found = await readInvoices(readers.own, filter, { limit: limit + 1, offset })
  const shown = found.slice(0, limit)
  const ids = withLines ? shown.map(({ InvoiceId }) => InvoiceId) : []
  const lines = await readLines(readers.own, tenant, ids)
  return {
    invoices: shown.map(row => invoiceAnswer(row, withLines ? (lines.get(row.InvoiceId) ?? []) : undefined)),
    truncated: found.length > limit,
  }
}

function readersOf(context: QueryContext, request: FastifyRequest, reply: FastifyReply): DraftReaders {
  const identity = identityOf(request)
  // Which periods are closed, and prices, are no account's own; the statements name no others' rows.
  return {
    own: context.readers(identity, reply),
    tenant: context.readers({ tenant: identity.tenant, accounts: null }, reply),
  }
}

/** The bill of an account and open period as it would be now. */
async function oneDraft(
  context: QueryContext,
  request: FastifyRequest,
  reply: FastifyReply,
): Promise<InvoiceAnswer> {
  const query = request.query as RawQuery
  const [period, account] = [periodOf(single(query, 'period') ?? ''), single(query, 'account')]
  if (account === undefined) throw invalid('account', '', 'an account')
  const drafts = await draftsOf(context, request, reply, { period, account, limit: 2 })
  if (drafts === null) throw new WattlineError('not_found', `Period ${period} is closed: it has no drafts.`)
  if (drafts.length > 1)
    throw invalid('currency', '', 'given, and the account has bills in several currencies')
  const [draft] = drafts
  if (draft === undefined)
    throw new WattlineError('not_found', `Account ${account.slice(0, 100)} has no bill of ${period}.`)
  return invoiceAnswer(draft.invoice, draft.lines)
}

/** Null: the period is closed. One more than `limit` where there are more. */
async function draftsOf(
  context: QueryContext,
  request: FastifyRequest,
  reply: FastifyReply,
  of: { readonly period: string; readonly account: string | undefined; readonly limit: number },
): Promise<readonly InvoiceRows[] | null> {
  const sees = identityOf(request)
  const readers = readersOf(context, request, reply)
  const closed = await readClosedPeriods(readers, sees.tenant)
  if (closed.includes(of.period)) return null
  const nowSeconds = context.now() / 1000
  assertBegun(of.period, nowSeconds, context.config.billing.time_zone)
  const currency = single(request.query as RawQuery, 'currency')
  return await makeDrafts(readers, closed, { config: context.config, sees, currency, nowSeconds, ...of })
}

async function oneInvoice(
  context: QueryContext,
  request: FastifyRequest,
  reply: FastifyReply,
): Promise<InvoiceAnswer> {
  const { tenant } = identityOf(request)
  const { id } = request.params as { readonly id: string }
  const reader = context.readers(identityOf(request), reply)
  const [row] = await readInvoices(reader, { tenant, id }, { limit: 1, offset: 0 })
  if (row === undefined) throw new WattlineError('not_found', `Bill ${id.slice(0, 100)} does not exist.`)
  const lines = await readLines(reader, tenant, [id])
  return invoiceAnswer(row, lines.get(id) ?? [])
}

async function lineOf(
  context: QueryContext,
  request: FastifyRequest,
  reply: FastifyReply,
): Promise<InvoiceLineRow> {
  const { tenant } = identityOf(request)
  const { id, line } = request.params as { readonly id: string; readonly line: string }
  const lines = await readLines(context.readers(identityOf(request), reply), tenant, [id])
  const found = (lines.get(id) ?? []).find(({ Line }) => `${Line}` === line)
  if (found !== undefined) return found
  throw new WattlineError('not_found', `Bill ${id.slice(0, 100)} has no line ${line.slice(0, 20)}.`)
}

const bodySchema = z.strictObject({ period: z.string().regex(PERIOD) })

function closedBy(body: unknown): string {
  const parsed = bodySchema.safeParse(body)
  if (parsed.success) return parsed.data.period
  throw new WattlineError('parameter_invalid', 'The body must be JSON such as {"period": "2026-11"}.')
}

function periodOf(text: string): string {
  if (PERIOD.test(text)) return text
  throw invalid('period', text, 'a month such as 2026-11')
}

function assertBegun(period: string, nowSeconds: number, timeZone: string): void {
  const current = periodAt(nowSeconds, timeZone).name
  if (period > current)
    throw invalid('period', period, `a period that has begun; the current one is ${current}`)
}

function withLog(context: QueryContext): { readonly broker: NonNullable<QueryContext['appender']> } {
  if (context.appender !== undefined) return { broker: context.appender }
  throw new WattlineError(
    'not_found',
    'This process does not have the log open: ask one with role query that has.',
  )
}
