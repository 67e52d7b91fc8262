import type { Problem } from '../../../core/api/answers.ts'
import { GROUP_BY } from './rows.ts'
import { heldToken } from './session.ts'

/** An error answer of the server; `away` when it did not answer at all. */
export class ApiError extends Error {
  readonly away: boolean
  readonly remedy: string
  /** The server requires a token, or another one: repeating the request changes nothing. */
  readonly locked: boolean

  constructor(message: string, away: boolean, remedy: string, locked = false) {
    super(message)
    this.away = away
    this.remedy = remedy
    this.locked = locked
  }
}

/** Longer than any answer should take; after that the server counts as unreachable. */
const TIMEOUT_MS = 20_000
/** Files of many bills take longer. */
const FILE_MS = 120_000

/** Reads JSON from a route. URLs are relative, so the page also works below a proxy's path. */
export async function getJson<T>(path: string, signal: AbortSignal): Promise<T> {
  return (await (await ask(path, {}, signal)).json()) as T
}

/** Bytes of an answer, whatever they are. */
export async function fetchFile(path: string): Promise<Blob> {
  const answer = await ask(path, { headers: { accept: '*/*' } }, new AbortController().signal, FILE_MS)
  return await answer.blob()
}

/** Changes something. */
export async function sendJson(method: 'POST' | 'DELETE', path: string, body?: object): Promise<void> {
  const content = body === undefined ? {} : { body: JSON.stringify(body) }
  await ask(path, { method, ...content }, new AbortController().signal)
}

async function ask(
  path: string,
  request: RequestInit & { readonly headers?: Readonly<Record<string, string>> },
  signal: AbortSignal,
  timeoutMs = TIMEOUT_MS,
): Promise<Response> {
  const token = heldToken()
  const answer = await fetch(path, {
    ...request,
    signal: AbortSignal.any([signal, AbortSignal.timeout(timeoutMs)]),
    headers: {
      accept: 'application/json',
      ...(request.body === undefined ? {} : { 'content-type': 'application/json' }),
      ...(token === '' ? {} : { authorization: `Bearer ${token}` }),
      ...request.headers,
    },
  }).catch((error: unknown) => {
    if (signal.aborted) throw error
    throw new ApiError('Wattline does not answer.', true, 'Check that it runs: npm start.')
  })
  if (!answer.ok) throw await problemOf(answer)
  return answer
}

async function problemOf(answer: Response): Promise<ApiError> {
  const problem = (await answer.json().catch(() => ({}))) as Partial<Problem>
  const detail = problem.detail ?? `The server answered ${answer.status}.`
  // A proxy answers 502 to 504 for an unreachable server.
  const away = answer.status >= 502 && problem.code === undefined
  return new ApiError(detail, away, problem.remedy ?? '', problem.code === 'unauthenticated')
}

/** Path of `GET /api/v1/live`; an empty host lets the server choose one. */
export function livePath(host: string, minutes: string): string {
  return `api/v1/live?${new URLSearchParams({ ...(host === '' ? {} : { host }), minutes })}`
}

/** Path of `GET /api/v1/usage`, grouped for the workload table; an empty host means all hosts. */
export function usagePath(host: string, window: string): string {
  const query = new URLSearchParams({ window, group_by: GROUP_BY.join(',') })
  if (host !== '') query.set('filter', `host:${host}`)
  return `api/v1/usage?${query}`
}

/** Path of the newest traces, at most `limit`. */
export const tracesPath = (limit: number): string => `api/v1/traces?limit=${limit}`
/** Path of one trace with all its spans. */
export const tracePath = (traceId: string): string => `api/v1/traces/${encodeURIComponent(traceId)}`
/** Path of the data in the header: version, roles, tenant, problems. */
export const STATUS_PATH = 'api/v1/status'
/** Rules, alerts, silences and deliveries. */
export const RULES_PATH = 'api/v1/rules'
export const ALERTS_PATH = 'api/v1/alerts?limit=500'
export const SILENCES_PATH = 'api/v1/silences'
export const DELIVERIES_PATH = 'api/v1/deliveries?limit=50'
/** Path that sends a message again. */
export const replayPath = (id: string): string => `api/v1/deliveries/${encodeURIComponent(id)}/replay`
