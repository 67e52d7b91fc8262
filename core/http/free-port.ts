import { createServer } from 'node:net'
import { listenError } from './listen-error.ts'

/**
 * Checks that a port is free before several processes share it: the system would also let other programs of the same
 * user share it. `what` names the listener; port 0 is always free. @throws WattlineError `address_in_use`,
 * `config_invalid`
 */
export function checkPortFree(what: string, host: string, port: number): Promise<void> {
  const { promise, resolve, reject } = Promise.withResolvers<void>()
  const server = createServer()
  server.once('error', error => reject(listenError(error, what, host, port)))
  server.listen({ host, port, exclusive: true }, () => server.close(() => resolve()))
  return promise
}
