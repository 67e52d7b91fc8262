import { createServer, type IncomingMessage } from 'node:http'
import { createServer as createTlsServer } from 'node:https'
import type { AddressInfo } from 'node:net'
import { gzipSync } from 'node:zlib'

/** The exporter's answer to the next request. */
export interface Answer {
  readonly body: string | Buffer
  readonly status?: number
  /** Default text 0.0.4; null: none. */
  readonly type?: string | null
  readonly headers?: Readonly<Record<string, string>>
  readonly gzip?: boolean
  /** Milliseconds before it answers; -1: never. */
  readonly afterMs?: number
}

export interface Exporter {
  /** host:port. */
  readonly address: string
  readonly requests: readonly IncomingMessage[]
  /** Changes the answer; a function is called at every request. */
  answer(what: Answer | ((request: IncomingMessage) => Answer)): void
  close(): Promise<void>
}

export const TEXT = 'text/plain; version=0.0.4; charset=utf-8'
export const OPENMETRICS = 'application/openmetrics-text; version=1.0.0; charset=utf-8'

/** A target to scrape, on a free port of loopback. */
export async function startExporter(tls?: {
  readonly cert: string
  readonly key: string
}): Promise<Exporter> {
  const requests: IncomingMessage[] = []
  let next: (request: IncomingMessage) => Answer = () => ({ body: '' })
  const handler: Parameters<typeof createServer>[1] = (request, response) => {
    requests.push(request)
    const { body, status = 200, type = TEXT, headers = {}, gzip = false, afterMs = 0 } = next(request)
    const send = (): void => {
      response.writeHead(status, {
        ...(type === null ? {} : { 'content-type': type }),
        ...(gzip ? { 'content-encoding': 'gzip' } : {}),
        ...headers,
      })
      response.end(gzip ? gzipSync(body) : body)
    }
    if (afterMs >= 0) setTimeout(send, afterMs)
  }
  const server = tls === undefined ? createServer(handler) : createTlsServer(tls, handler)
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  return {
    address: `127.0.0.1:${(server.address() as AddressInfo).port}`,
    requests,
    answer(what) {
      next = typeof what === 'function' ? what : () => what
    },
    async close() {
      server.closeAllConnections()
      await new Promise(resolve => server.close(resolve))
    },
  }
}
