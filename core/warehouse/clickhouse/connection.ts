import { type ClickHouseClient, ClickHouseLogLevel, createClient } from '@clickhouse/client'

/** How to reach the servers; the same for all of them. */
export interface ClickHouseLogin {
  readonly user: string
  readonly password: string
  /** PEM. Authorities to trust instead of Node's; client certificate and key. */
  readonly tls?: {
    readonly ca?: string | undefined
    readonly cert?: string | undefined
    readonly key?: string | undefined
  }
}

/**
 * Concurrent requests to one server; more wait. Higher than the limit of client queries of one process, so inserts
 * never wait.
 */
const MOST_CONNECTIONS = 256
/**
 * Less than servers and load balancers keep an idle connection: ClickHouse 30 s, older versions 10, ours in tests 3.
 */
const IDLE_MS = 2_000
/** Every request has its own limit (`timed`); this one exists only because the client needs a value. */
const NEVER_MS = 2_147_483_647

/** A client that logs nothing itself: the caller reports errors. */
export const connect = (url: string, login: ClickHouseLogin): ClickHouseClient =>
  createClient({
    url,
    username: login.user,
    password: login.password,
    application: 'wattline',
    request_timeout: NEVER_MS,
    max_open_connections: MOST_CONNECTIONS,
    keep_alive: { enabled: true, idle_socket_ttl: IDLE_MS, eagerly_destroy_stale_sockets: true },
    log: { level: ClickHouseLogLevel.OFF },
    ...tlsOf(login.tls),
  })

function tlsOf(tls: ClickHouseLogin['tls']): Pick<NonNullable<Parameters<typeof createClient>[0]>, 'tls'> {
  if (tls?.ca === undefined) return {}
  const ca_cert = Buffer.from(tls.ca)
  return tls.cert === undefined || tls.key === undefined
    ? { tls: { ca_cert } }
    : { tls: { ca_cert, cert: Buffer.from(tls.cert), key: Buffer.from(tls.key) } }
}

/** No answer in time: the request may have been executed, or may still be running. */
export class NoAnswerError extends Error {
  constructor(ms: number) {
    super(`no answer within ${Math.round(ms / 100) / 10} s`)
    this.name = 'NoAnswerError'
  }
}

/** Runs a request that is abandoned after `ms`, or when `signal` aborts. */
export async function timed<Result>(
  ms: number,
  run: (signal: AbortSignal) => Promise<Result>,
  signal?: AbortSignal,
): Promise<Result> {
  signal?.throwIfAborted()
  const controller = new AbortController()
  let late = false
  const stop = (): void => controller.abort()
  const timer = setTimeout(() => {
    late = true
    stop()
  }, ms)
  signal?.addEventListener('abort', stop, { once: true })
  try {
    return await run(controller.signal)
  } catch (error) {
    if (late) throw new NoAnswerError(ms)
    if (signal?.aborted === true) throw signal.reason
    throw error
  } finally {
    clearTimeout(timer)
    signal?.removeEventListener('abort', stop)
  }
}
