import type { Problem } from '../core/model/answers.ts'
import { ERRORS, type ErrorCode, WattlineError } from '../core/runtime/errors.ts'

/** Options that every command which asks a running instance shares. */
export interface ClientOptions {
  readonly url: string
  /** Default: WATTLINE_TOKEN. Better there than on a command line, which every process of the machine can read. */
  readonly token?: string
  /** Ends the request. */
  readonly signal?: AbortSignal
}

export const DEFAULT_URL = process.env['WATTLINE_URL'] ?? 'http://127.0.0.1:9288'

/** The token to show; undefined: none was given. */
export const tokenOf = ({ token }: Pick<ClientOptions, 'token'>): string | undefined =>
  token ?? (process.env['WATTLINE_TOKEN'] || undefined)

/** Asks a running instance; throws what it answers as a WattlineError, and `not_running` when nobody does. */
export async function ask(options: ClientOptions, path: string, body?: unknown): Promise<Response> {
  const headers: Record<string, string> = { accept: 'application/json' }
  const token = tokenOf(options)
  if (token !== undefined) headers['authorization'] = `Bearer ${token}`
  if (body !== undefined) headers['content-type'] = 'application/json'
  const signal = options.signal ?? null
  const request =
    body === undefined ? { headers, signal } : { method: 'POST', headers, signal, body: JSON.stringify(body) }
  const response = await fetch(new URL(path, options.url), request).catch((error: unknown) => {
    throw new WattlineError('not_running', `${whyNot(error, options.url)}.`, { cause: error })
  })
  if (response.ok) return response
  throw await problemOf(response)
}

/** A certificate that is not trusted looks to a client as if nobody were there. */
function whyNot(error: unknown, url: string): string {
  const cause = error instanceof Error ? error.cause : undefined
  const code = cause instanceof Error && 'code' in cause ? String(cause.code) : ''
  if (/CERT|SELF_SIGNED|UNABLE_TO|ALTNAME/.test(code)) {
    return `the certificate of ${url} is not trusted (${code}): name its authority by NODE_EXTRA_CA_CERTS`
  }
  if (/SSL|TLS/.test(code)) return `${url} does not speak TLS with us (${code})`
  return `nothing answers at ${url}`
}

async function problemOf(response: Response): Promise<WattlineError> {
  const text = await response.text()
  try {
    const problem = JSON.parse(text) as Problem
    if (problem.code in ERRORS) return new WattlineError(problem.code as ErrorCode, problem.detail)
  } catch {
    // Not one of our answers: say what came.
  }
  return new WattlineError('not_found', `${response.url} answered ${response.status}: ${text.slice(0, 200)}.`)
}
