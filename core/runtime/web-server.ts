import { createServer, type Server, type ServerOptions } from 'node:http'
import { createServer as createTlsServer } from 'node:https'
import type { Events } from './events.ts'
import type { ListenerTls } from './tls.ts'

/** Longest time between a connection and the end of its TLS handshake. */
const HANDSHAKE_MS = 10_000

/** A server for HTTP/1.1; over TLS alone where there is a certificate. Handshakes that fail are counted. */
export function createWebServer(
  options: ServerOptions,
  { tls, events }: { readonly tls?: ListenerTls | undefined; readonly events: Events },
): Server {
  if (tls === undefined) return createServer(options)
  const server = createTlsServer({ ...options, ...tls.options(), handshakeTimeout: HANDSHAKE_MS })
  tls.attach(server)
  server.on('tlsClientError', () => events.emit('accessRefused', { reason: 'tls' }))
  return server
}
