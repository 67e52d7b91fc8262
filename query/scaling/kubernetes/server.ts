/** The metric APIs that Kubernetes aggregates, on a listener that only its front proxy can reach. */
import type { IncomingMessage, Server, ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { asWattlineError, WattlineError } from '../../../core/catalogue/errors/errors.ts'
import type { Events } from '../../../core/catalogue/events/events.ts'
import { FIXED_LIMITS } from '../../../core/catalogue/limits/limits.ts'
import { listenError } from '../../../core/http/listen-error.ts'
import type { ListenerTls } from '../../../core/http/tls.ts'
import { createWebServer } from '../../../core/http/web-server.ts'
import type { ScalingAnswers } from '../../../core/scaling/answer.ts'
import type { AutoscalerListener } from '../listener.ts'
import { refusalOf } from '../refusal.ts'
import { type NamespaceRule, namespaceTenants } from '../tenants.ts'
import { assertFrontProxy } from './caller.ts'
import { type MetricRoutes, metricApiRoutes, type RouteAnswer } from './routes.ts'
import { statusOf } from './status.ts'

/** Options of the listener. */
export interface MetricApiServerOptions {
  readonly answers: ScalingAnswers
  readonly namespaces: readonly NamespaceRule[]
  /** Names that the certificate of the front proxy may have; empty: any. */
  readonly clientNames: readonly string[]
  /** With the authority of the front proxy: clients without its certificate do not get through the handshake. */
  readonly tls: ListenerTls
  readonly events: Events
}

const DRAIN_MS = 5_000

/** Not listening yet: call `listen`. */
export function createKubernetesListener(options: MetricApiServerOptions): AutoscalerListener {
  const { answers, namespaces, events } = options
  const routes = metricApiRoutes({
    answers,
    tenantOf: namespaceTenants(namespaces),
    tenants: namespaces.map(({ tenant }) => tenant),
    events,
  })
  const server = createWebServer(
    {
      maxHeaderSize: FIXED_LIMITS.headerBytes,
      keepAliveTimeout: FIXED_LIMITS.keepAliveMs,
      headersTimeout: FIXED_LIMITS.headersMs,
      requestTimeout: FIXED_LIMITS.questionMs,
    },
    options,
  )
  server.maxConnections = FIXED_LIMITS.connections
  server.on('request', (request, response) => {
    // No route has a body.
    request.resume()
    respond(options, routes, request, response)
  })
  return {
    async listen(host, port) {
      await listening(server, host, port)
      events.emit('listenerStarted', { listener: 'kubernetes', ...addressOf(server, host) })
    },
    address: () => addressOf(server, ''),
    openStreams: () => 0,
    stop: () => stopped(server),
  }
}

function respond(
  { clientNames, events }: MetricApiServerOptions,
  routes: MetricRoutes,
  request: IncomingMessage,
  response: ServerResponse,
): void {
  try {
    assertFrontProxy(request, clientNames)
    const { method, url = '' } = request
    if (method !== 'GET' && method !== 'HEAD')
      throw new WattlineError(
        'method_not_allowed',
        `${method} is not supported: these APIs are read with GET.`,
      )
    const mark = url.indexOf('?')
    const path = mark < 0 ? url : url.slice(0, mark)
    const query = new URLSearchParams(mark < 0 ? '' : url.slice(mark + 1))
    send(response, 200, routes(path, query, request.headers.accept ?? ''))
  } catch (error) {
    const failure = refusalOf(events, 'kubernetes', asWattlineError(error, 'invariant_broken'))
    send(response, failure.status, { type: 'application/json', body: statusOf(failure) })
  }
}

function send(response: ServerResponse, status: number, { type, body }: RouteAnswer): void {
  const text = typeof body === 'string' ? body : JSON.stringify(body)
  response.writeHead(status, {
    'content-type': type,
    'content-length': Buffer.byteLength(text),
    'cache-control': 'no-cache, private',
  })
  response.end(response.req.method === 'HEAD' ? undefined : text)
}

async function listening(server: Server, host: string, port: number): Promise<void> {
  const { promise, resolve, reject } = Promise.withResolvers<void>()
  server.once('error', error => reject(listenError(error, 'Kubernetes metrics', host, port)))
  server.listen({ host, port }, resolve)
  await promise
}

function addressOf(server: Server, host: string): { readonly host: string; readonly port: number } {
  const { address, port } = server.address() as AddressInfo
  return { host: host === '' ? address : host, port }
}

async function stopped(server: Server): Promise<void> {
  if (!server.listening) return
  const { promise, resolve } = Promise.withResolvers<void>()
  server.close(() => resolve())
  server.closeIdleConnections()
  const cut = setTimeout(() => server.closeAllConnections(), DRAIN_MS)
  await promise
  clearTimeout(cut)
}
