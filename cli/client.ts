import { CommanderError, InvalidArgumentError } from 'commander'
import type { Problem } from '../core/api/answers.ts'
import { ERRORS, type ErrorCode, WattlineError } from '../core/catalogue/errors/errors.ts'

/** Options shared by all commands that query a running instance. */
export interface ClientOptions {
  readonly url: string
  /**
   * Default: WATTLINE_TOKEN, which is safer than a command line, because every process of the machine can read that.
   */
  readonly token?: string
  /** Aborts the request. */
  readonly signal?: AbortSignal
}

/** Address of the instance: WATTLINE_URL, or port 9288 of this machine. Not checked here; see `checkAddress`. */
export const DEFAULT_URL = process.env['WATTLINE_URL'] || 'http://127.0.0.1:9288'

/**
 * Longer than any answer takes. Without a limit, a server that accepts requests and never answers would block scripts.
 */
const TIMEOUT_MS = 120_000

/** The token to send; undefined if there is none. */
export const clientToken = ({ token }: Pick<ClientOptions, 'token'>): string | undefined =>
  token ?? (process.env['WATTLINE_TOKEN'] || undefined)

/** Parses the address in an option. */
export function address(text: string): string {
  if (isAddress(text)) return text
  throw new InvalidArgumentError('Give an address such as http://127.0.0.1:9288.')
}

const isAddress = (text: string): boolean => {
  const url = URL.canParse(text) ? new URL(text) : undefined
  return (url?.protocol === 'http:' || url?.protocol === 'https:') && url.hostname !== ''
}

/** For addresses from the environment, which no option has checked. */
export function checkAddress(text: string, name: string): void {
  if (isAddress(text)) return
  process.stderr.write(`error: ${name} is '${text}'. Give an address such as http://127.0.0.1:9288.\n`)
  throw new CommanderError(2, 'wattline.address', name)
}

/**
 * Requests an answer with these members from a running instance. Throws an error answer as a WattlineError,
 * `not_running` when there is no answer, and `answer_unreadable` when the answer does not come from Wattline.
 */
export async function ask<Answer extends object>(
  options: ClientOptions,
  path: string,
  members: readonly (keyof Answer & string)[],
  body?: unknown,
): Promise<Answer> {
  checkAddress(options.url, 'WATTLINE_URL')
  const response = await send(options, path, body)
  const text = await textOf(response, options.url)
  if (!response.ok) throw problemOf(response, text)
  const answer = parsed(text)
  const isWhole = typeof answer === 'object' && answer !== null && members.every(name => name in answer)
  if (isWhole) return answer as Answer
  throw new WattlineError(
    'answer_unreadable',
    `${options.url} answered, but the answer is not from Wattline.`,
  )
}

/** The unchanged answer of a running instance. Throws as `ask` does. */
export async function fetchBytes(options: ClientOptions, path: string): Promise<Uint8Array> {
  checkAddress(options.url, 'WATTLINE_URL')
  const response = await send(options, path, undefined)
  if (!response.ok) throw problemOf(response, await textOf(response, options.url))
  try {
    return new Uint8Array(await response.arrayBuffer())
  } catch (error) {
    throw new WattlineError(
      'not_running',
      `${options.url} closed the connection in the middle of its answer.`,
      {
        cause: error,
      },
    )
  }
}

async function send(options: ClientOptions, path: string, body: unknown): Promise<Response> {
  const headers: Record<string, string> = { accept: 'application/json' }
  const token = clientToken(options)
  if (token !== undefined && !/^[\x21-\x7e]+$/.test(token)) {
    throw new WattlineError(
      'unauthenticated',
      'The token contains invalid characters. Check that it was copied completely, on one line.',
    )
  }
  if (token !== undefined) headers['authorization'] = `Bearer ${token}`
  if (body !== undefined) headers['content-type'] = 'application/json'
  const timeout = AbortSignal.timeout(TIMEOUT_MS)
  const signal = options.signal === undefined ? timeout : AbortSignal.any([options.signal, timeout])
  const request =
    body === undefined ? { headers, signal } : { method: 'POST', headers, signal, body: JSON.stringify(body) }
  return await fetch(new URL(path, options.url), request).catch((error: unknown) => {
    throw new WattlineError('not_running', `${whyNot(error, options.url)}.`, { cause: error })
  })
}

async function textOf(response: Response, url: string): Promise<string> {
  try {
    return await response.text()
  } catch (error) {
    throw new WattlineError('not_running', `${url} closed the connection in the middle of its answer.`, {
      cause: error,
    })
  }
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

/** Why a request failed. Without this, an untrusted certificate would look like a server that is not running. */
function whyNot(error: unknown, url: string): string {
  if (error instanceof Error && error.name === 'TimeoutError') {
    return `${url} did not answer within ${TIMEOUT_MS / 1000} s`
  }
  const cause = error instanceof Error ? error.cause : undefined
  const code = cause instanceof Error && 'code' in cause ? String(cause.code) : ''
  if (/CERT|SELF_SIGNED|UNABLE_TO|ALTNAME/.test(code)) {
    return `the certificate of ${url} is not trusted (${code}): set NODE_EXTRA_CA_CERTS to the file of its authority`
  }
  if (/SSL|TLS/.test(code)) return `the TLS handshake with ${url} failed (${code})`
  if (code.startsWith('HPE_')) return `${url} does not answer in HTTP (${code})`
  return `no server answers at ${url}`
}

function problemOf(response: Response, text: string): WattlineError {
  const problem = parsed(text) as Partial<Problem> | null | undefined
  if (typeof problem?.code === 'string' && problem.code in ERRORS) {
    return new WattlineError(problem.code as ErrorCode, String(problem.detail))
  }
  // The answer is not ours: quote its beginning.
  const excerpt = text.slice(0, 200).replaceAll(/\p{Cc}+/gu, ' ')
  return new WattlineError('answer_unreadable', `${response.url} answered ${response.status}: ${excerpt}`)
}
