import { createServer, type Server, type ServerOptions } from 'node:http'
import { createServer as createTlsServer } from 'node:https'
import type { Socket } from 'node:net'
import type { Events } from '../catalogue/events/events.ts'
import type { ListenerTls } from './tls.ts'

/** Longest time between a connection and the end of its TLS handshake. */
export const HANDSHAKE_MS = 10_000

/** An HTTP/1.1 server, with TLS if there is a certificate. Failed handshakes are counted. */
export function createWebServer(
  options: ServerOptions,
  { tls, events }: { readonly tls?: ListenerTls | undefined; readonly events: Events },
): Server {
  if (tls === undefined) return createServer(options)
  const server = createTlsServer({ ...options, ...tls.options(), handshakeTimeout: HANDSHAKE_MS })
  tls.attach(server)
  server.on('tlsClientError', () => events.emit('accessRefused', { reason: 'tls' }))
  closeHandshakesToo(server)
  return server
}

/** The server knows connections only after their handshake: an unfinished handshake would delay a stop. */
function closeHandshakesToo(server: Server): void {
  const sockets = new Set<Socket>()
  server.on('connection', (socket: Socket) => {
    sockets.add(socket)
    socket.once('close', () => sockets.delete(socket))
  })
  const closeKnown = server.closeAllConnections.bind(server)
  server.closeAllConnections = () => {
    closeKnown()
    for (const socket of sockets) socket.destroy()
  }
}
