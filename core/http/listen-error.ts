import { WattlineError } from '../catalogue/errors/errors.ts'

/** The catalogue error for a port that cannot be opened. `what` names the listener. */
export function listenError(
  error: NodeJS.ErrnoException,
  what: string,
  host: string,
  port: number,
): WattlineError {
  if (error.code === 'EADDRINUSE') {
    return new WattlineError('address_in_use', `${host}:${port} is already in use (${what}).`, {
      cause: error,
    })
  }
  // Node's error on systems without an SO_REUSEPORT that distributes connections.
  const reason =
    error.code === 'ENOTSUP'
      ? 'this system does not allow processes to share a port: set `collector.processes: 1`'
      : error.message
  return new WattlineError('config_invalid', `Cannot listen on ${host}:${port}: ${reason}.`, { cause: error })
}
