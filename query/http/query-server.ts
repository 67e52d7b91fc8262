import type { Server } from 'node:http'
import { WattlineError } from '../../core/catalogue/errors/errors.ts'
import type { App } from './app.ts'

/** A query server, before and while it listens. */
export interface QueryServer {
  /** The served routes, `GET /healthz`; HEAD comes with every GET. */
  readonly routes: readonly string[]
  /** Starts to listen; port 0: any free port. @throws WattlineError `address_in_use` */
  listen(host: string, port: number): Promise<{ readonly host: string; readonly port: number }>
  /** Takes over the listening server of another one, which only reported the start and no longer answers. */
  takeOver(other: QueryServer): Promise<{ readonly host: string; readonly port: number }>
  /** Stops answering and passes its listening server to `takeOver` of another one. */
  release(): BoundServer
  /** Accepts no new requests, waits for those in flight, closes connections. */
  stop(): Promise<void>
}

/** Running requests get this long to end once the server stops. */
const DRAIN_MS = 5_000

/** A listening server and its address. */
interface BoundServer {
  readonly server: Server
  readonly host: string
}

/** @param onStop called before it stops listening */
export function serverOf({ app, handler }: App, routes: readonly string[], onStop: () => void): QueryServer {
  let bound: BoundServer | null = null
  const address = ({ server, host }: BoundServer, port: number) => {
    const found = server.address()
    return { host, port: typeof found === 'object' && found !== null ? found.port : port }
  }
  return {
    routes,
    async listen(host, port) {
      try {
        await app.listen({ host, port })
      } catch (error) {
        throw asListenError(error, host, port)
      }
      bound = { server: app.server as Server, host }
      return address(bound, port)
    },
    async takeOver(other) {
      await app.ready()
      bound = other.release()
      bound.server.on('request', handler)
      return address(bound, 0)
    },
    release() {
      if (bound === null)
        throw new WattlineError('invariant_broken', 'A server that does not listen has nothing to hand over.')
      const released = bound
      bound = null
      onStop()
      released.server.removeAllListeners('request')
      return released
    },
    async stop() {
      if (bound === null) return
      onStop()
      const { server } = bound
      const cut = setTimeout(() => server.closeAllConnections(), DRAIN_MS)
      if (server !== app.server) await closed(server)
      await app.close()
      clearTimeout(cut)
    },
  }
}

/** Closes as the web framework closes its own server: open requests still get their answer. */
async function closed(server: Server): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>()
  server.close(() => resolve())
  server.closeIdleConnections()
  await promise
}

function asListenError(error: unknown, host: string, port: number): unknown {
  const code = error instanceof Error && 'code' in error ? error.code : undefined
  if (code !== 'EADDRINUSE' && code !== 'EACCES') return error
  return new WattlineError('address_in_use', `Cannot listen on ${host}:${port} (${code}).`, {
    cause: error,
  })
}
