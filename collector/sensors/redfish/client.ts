/**
 * Requests to one Redfish service (DSP0266): one connection, a session or basic authentication, TLS, bounded time and
 * bytes. Documents that say which version they are (`ETag`) are not sent again where the caller allows that.
 */
import { Agent, request as httpRequest, type IncomingMessage } from 'node:http'
import { request as httpsRequest, Agent as SecureAgent } from 'node:https'
import { ControllerError } from '../host/controller.ts'

/** How to reach a service. */
export interface RedfishAccess {
  /** `https://10.0.0.5`, without a path. */
  readonly origin: string
  readonly user?: string | undefined
  readonly password: string
  /** session: a session, or basic authentication where the service has no sessions. */
  readonly auth: 'session' | 'basic'
  readonly ca?: string | undefined
  readonly serverName?: string | undefined
  readonly skipVerify: boolean
}

/** A JSON object as it came: nothing in it is certain. */
export type RedfishResource = Readonly<Record<string, unknown>>

interface RedfishAnswer {
  readonly status: number
  readonly headers: IncomingMessage['headers']
  readonly text: string
}

/** Collections of large services have hundreds of members. */
const MOST_BYTES = 4 * 1024 * 1024
const MOST_DOCUMENTS = 256
const SESSIONS = '/redfish/v1/SessionService/Sessions'
/** A service without sessions: 405 and 501 by the specification; others say 404 or 403. */
const NO_SESSIONS: ReadonlySet<number> = new Set([404, 405, 501])

/** A client with its connection and session. */
export class RedfishClient {
  readonly #access: RedfishAccess
  readonly #agent: Agent
  readonly #documents = new Map<string, { readonly tag: string; readonly resource: RedfishResource }>()
  #session: { readonly token: string; readonly location: string | undefined } | undefined
  #hasSessions: boolean

  constructor(access: RedfishAccess) {
    this.#access = access
    const { ca, serverName, skipVerify } = access
    // Services accept few connections, and a handshake is dear for them: one is kept.
    const kept = { keepAlive: true, maxSockets: 1 }
    this.#agent = access.origin.startsWith('https:')
      ? new SecureAgent({
          ...kept,
          rejectUnauthorized: !skipVerify,
          ...(ca === undefined ? {} : { ca }),
          ...(serverName === undefined ? {} : { servername: serverName }),
        })
      : new Agent(kept)
    this.#hasSessions = access.auth === 'session' && access.user !== undefined
  }

  /** The resource; undefined if the service does not have it. `isStatic`: not asked again while its ETag holds. */
  async get(path: string, signal: AbortSignal, isStatic = false): Promise<RedfishResource | undefined> {
    const known = isStatic ? this.#documents.get(path) : undefined
    const answer = await this.#authorised(path, signal, known?.tag)
    if (answer.status === 304 && known !== undefined) return known.resource
    if (answer.status === 404 || answer.status === 405 || answer.status === 501) return undefined
    if (answer.status !== 200) throw this.#failure(path, answer.status)
    const resource = parse(answer.text)
    if (resource === undefined) {
      throw new ControllerError('invalid', `${this.#where(path)} is not a JSON object.`)
    }
    const { etag } = answer.headers
    if (isStatic && etag !== undefined && this.#documents.size < MOST_DOCUMENTS) {
      this.#documents.set(path, { tag: etag, resource })
    }
    return resource
  }

  /** Ends the session: services have few of them. Never throws. */
  async close(signal: AbortSignal): Promise<void> {
    const session = this.#session
    this.#session = undefined
    if (session?.location !== undefined) {
      const headers = { 'x-auth-token': session.token }
      await this.#send('DELETE', session.location, { signal, headers }).catch(() => undefined)
    }
    this.#agent.destroy()
  }

  async #authorised(path: string, signal: AbortSignal, tag: string | undefined): Promise<RedfishAnswer> {
    const condition: Record<string, string> = tag === undefined ? {} : { 'if-none-match': tag }
    const send = async (): Promise<RedfishAnswer> =>
      this.#send('GET', path, { signal, headers: { ...condition, ...(await this.#credentials(signal)) } })
    const answer = await send()
    // Sessions end after a time without requests, and when the controller restarts.
    if (answer.status !== 401 || this.#session === undefined) return answer
    this.#session = undefined
    return await send()
  }

  async #credentials(signal: AbortSignal): Promise<Record<string, string>> {
    const { user, password } = this.#access
    if (user === undefined) return {}
    if (this.#hasSessions) this.#session ??= await this.#login(user, signal)
    if (this.#session !== undefined) return { 'x-auth-token': this.#session.token }
    return { authorization: `Basic ${Buffer.from(`${user}:${password}`).toString('base64')}` }
  }

  async #login(user: string, signal: AbortSignal) {
    const body = JSON.stringify({ UserName: user, Password: this.#access.password })
    const answer = await this.#send('POST', SESSIONS, { signal, headers: {}, body })
    const token = answer.headers['x-auth-token']
    if (NO_SESSIONS.has(answer.status) || (answer.status < 300 && typeof token !== 'string')) {
      this.#hasSessions = false
      return undefined
    }
    if (answer.status >= 300 || typeof token !== 'string') throw this.#failure(SESSIONS, answer.status)
    const { location } = answer.headers
    return { token, location: location === undefined ? undefined : this.#pathOf(location) }
  }

  /** Links lead to the service itself: a service must not send our credentials elsewhere. */
  #pathOf(link: string): string | undefined {
    const { origin } = this.#access
    try {
      const url = new URL(link, origin)
      // Behind a proxy, services name themselves by another host; only their path is used.
      return `${url.pathname}${url.search}`
    } catch {
      return undefined
    }
  }

  #send(
    method: string,
    path: string,
    options: {
      readonly signal: AbortSignal
      readonly headers: Readonly<Record<string, string>>
      readonly body?: string
    },
  ): Promise<RedfishAnswer> {
    const { signal, body } = options
    const headers = {
      accept: 'application/json',
      'odata-version': '4.0',
      ...(body === undefined
        ? {}
        : { 'content-type': 'application/json', 'content-length': String(Buffer.byteLength(body)) }),
      ...options.headers,
    }
    const url = `${this.#access.origin}${this.#pathOf(path) ?? '/'}`
    const start = url.startsWith('https:') ? httpsRequest : httpRequest
    return new Promise<RedfishAnswer>((resolve, reject) => {
      const fail = (error: unknown): void => reject(this.#connectionFailure(error as Error, signal))
      const sent = start(url, { method, headers, agent: this.#agent, signal }, response => {
        textOf(response).then(
          text => resolve({ status: response.statusCode ?? 0, headers: response.headers, text }),
          fail,
        )
      })
      sent.on('error', fail)
      sent.end(body)
    })
  }

  #where(path: string): string {
    return `${this.#access.origin}${path}`
  }

  #failure(path: string, status: number): ControllerError {
    const where = this.#where(path)
    if (status === 401 || status === 403) {
      return new ControllerError(
        'credentials',
        `${where} answered ${status}. Check user and password; the user needs the privilege Login (role ReadOnly).`,
      )
    }
    return new ControllerError('invalid', `${where} answered ${status}.`)
  }

  #connectionFailure(error: Error, signal: AbortSignal): ControllerError {
    if (error instanceof ControllerError) return error
    const { origin } = this.#access
    if (signal.aborted) {
      return new ControllerError('unreachable', `${origin} did not answer in time (bmc.timeout).`, {
        cause: error,
      })
    }
    const code = (error as NodeJS.ErrnoException).code ?? ''
    const isCertificate = /CERT|SELF_SIGNED|UNABLE_TO|ALTNAME/.test(code)
    const remedy = isCertificate
      ? ' Set tls.ca to the authority of its certificate, or tls.insecure_skip_verify.'
      : ' Check its address and that this machine can reach it.'
    return new ControllerError('unreachable', `${origin}: ${error.message || code}.${remedy}`, {
      cause: error,
    })
  }
}

async function textOf(response: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = []
  let bytes = 0
  for await (const chunk of response as AsyncIterable<Buffer>) {
    bytes += chunk.length
    if (bytes > MOST_BYTES)
      throw new ControllerError('invalid', `An answer is larger than ${MOST_BYTES} bytes.`)
    chunks.push(chunk)
  }
  return Buffer.concat(chunks).toString('utf8')
}

function parse(text: string): RedfishResource | undefined {
  try {
    const value: unknown = JSON.parse(text)
    return typeof value === 'object' && value !== null && !Array.isArray(value)
      ? (value as RedfishResource)
      : undefined
  } catch {
    return undefined
  }
}
