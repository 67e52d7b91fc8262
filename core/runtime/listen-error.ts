import { WattlineError } from './errors.ts'

/** Why a port cannot be listened on, as an error of the catalogue. `what` listens there. */
export function listenError(
  error: NodeJS.ErrnoException,
  what: string,
  host: string,
  port: number,
): WattlineError {
  return error.code === 'EADDRINUSE'
    ? new WattlineError('address_in_use', `${host}:${port} is taken (${what}).`, { cause: error })
    : new WattlineError('config_invalid', `Cannot listen on ${host}:${port}: ${error.message}.`, {
        cause: error,
      })
}
