import { createServer } from 'node:net'
import { listenError } from './listen-error.ts'

/**
 * Whether a port is free for processes that will share it: the system would let them share it with strangers of the same
 * user, too. `what` is to listen there; port 0 always is free. @throws WattlineError `address_in_use`, `config_invalid`
 */
export function checkPortFree(what: string, host: string, port: number): Promise<void> {
  const { promise, resolve, reject } = Promise.withResolvers<void>()
  const server = createServer()
  server.once('error', error => reject(listenError(error, what, host, port)))
  server.listen({ host, port, exclusive: true }, () => server.close(() => resolve()))
  return promise
}
