import type { FencedQuery } from '../../core/warehouse/warehouse.ts'

/** A user statement of tenant `a`, who sees all accounts; a test sets `limits` if they matter. */
export const fencedQuery = (
  sql: string,
  format: string,
  limits: Partial<FencedQuery['limits']> = {},
): FencedQuery => ({
  sql,
  format,
  params: {},
  tenant: 'a',
  accounts: null,
  limits: { maxSeconds: 60, maxMemoryBytes: 2 ** 28, maxResultRows: 10 ** 12, ...limits },
  signal: new AbortController().signal,
})
