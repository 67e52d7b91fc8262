/** `GET /api/v1/budgets`: what of their budgets accounts have spent in a period, and what they will have spent at that rate. */
import type { FastifyInstance } from 'fastify'
import type { BudgetsAnswer } from '../../core/api/answers.ts'
import { budgetsOf } from '../../core/billing/budgets.ts'
import { billingPeriod, PERIOD, periodAt } from '../../core/billing/periods.ts'
import { readAccountUsage } from '../../core/billing/reading.ts'
import { identityOf, READ } from '../http/auth.ts'
import type { QueryContext } from '../http/context.ts'
import { invalid, knownParameters, type RawQuery, single } from '../http/parameters.ts'

/** Needs scope read; a token limited to accounts sees theirs. */
export function budgetRoutes(app: FastifyInstance, context: QueryContext): void {
  app.get('/api/v1/budgets', { config: { access: READ } }, async (request, reply): Promise<BudgetsAnswer> => {
    const query = request.query as RawQuery
    knownParameters(query, ['period', 'account'])
    const { billing, tariffs } = context.config
    const nowSeconds = context.now() / 1000
    const name = single(query, 'period') ?? periodAt(nowSeconds, billing.time_zone).name
    if (!PERIOD.test(name)) throw invalid('period', name, 'a month such as 2026-11')
    const period = billingPeriod(name, billing.time_zone)
    const { tenant, accounts } = identityOf(request)
    const reader = context.readers(identityOf(request), reply)
    const account = single(query, 'account')
    const isSeen = (one: string): boolean =>
      (accounts === null || accounts.includes(one)) && (account === undefined || account === one)
    const used = await readAccountUsage(
      ({ text, params }) => reader.query(text, params),
      { tenant, accounts },
      period,
    )
    reply.header('cache-control', 'no-store')
    const rows = budgetsOf(billing, tenant, period, { used, tariffCurrency: tariffs.currency, nowSeconds })
    return { period: name, budgets: rows.filter(row => isSeen(row.account)) }
  })
}
