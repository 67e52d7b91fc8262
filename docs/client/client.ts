/** A small typed client of the JSON routes: copy this file and core/api. */
import type {
  AllocationAnswer,
  ExportsAnswer,
  HostsAnswer,
  LiveAnswer,
  Problem,
  RequestsAnswer,
  UsageAnswer,
} from '../../core/api/answers.ts'

/** Parameters of the URL. */
type Query = Readonly<Record<string, string | number | boolean | undefined>>

/** An answer that is not a success: `code` is one of docs/reference/errors.md. */
export class WattlineProblem extends Error {
  readonly code: string
  readonly status: number

  constructor({ code, detail, status, remedy }: Problem) {
    super(`${detail} ${remedy}`)
    this.code = code
    this.status = status
  }
}

/** A client of one instance. `token` where it requires one. */
export function wattline(url: string, token?: string) {
  const ask = async <Answer>(path: string, query: Query = {}): Promise<Answer> => {
    const given = Object.entries(query).flatMap(([name, value]) =>
      value === undefined ? [] : [[name, String(value)]],
    )
    const headers = token === undefined ? {} : { authorization: `Bearer ${token}` }
    const reply = await fetch(`${url}${path}?${new URLSearchParams(given)}`, { headers })
    if (reply.ok) return (await reply.json()) as Answer
    throw new WattlineProblem((await reply.json()) as Problem)
  }
  return {
    /** Energy, carbon and cost from the ledger. */
    usage: (query: { window?: string; group_by?: string; filter?: string; step?: string; limit?: number }) =>
      ask<UsageAnswer>('/api/v1/usage', query),
    /** The same with the words of OpenCost. */
    allocation: (query: {
      window: string
      aggregate?: string
      step?: string
      includeIdle?: boolean
      filter?: string
    }) => ask<AllocationAnswer>('/allocation', query),
    /** Requests and GenAI tokens. */
    requests: (query: { window?: string; group_by?: string }) =>
      ask<RequestsAnswer>('/api/v1/requests', query),
    /** Watts of a host over the last minutes. */
    live: (query: { host?: string; minutes?: number } = {}) => ask<LiveAnswer>('/api/v1/live', query),
    /** Machines and their meters. */
    hosts: () => ask<HostsAnswer>('/api/v1/hosts'),
    /** How far exports are. */
    exports: () => ask<ExportsAnswer>('/api/v1/exports'),
  }
}
