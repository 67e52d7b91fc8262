/** Who asks, according to the front proxy: Kubernetes' API server, which has authenticated and authorized the user. */
import type { IncomingMessage } from 'node:http'
import type { TLSSocket } from 'node:tls'
import { WattlineError } from '../../../core/catalogue/errors/errors.ts'
import { quoteHeader } from '../../../core/http/quote-header.ts'
import { peerNames } from '../peer-names.ts'

const ANONYMOUS = 'system:unauthenticated'

const verdicts = new WeakMap<object, boolean>()

/**
 * Headers about users count only on a connection with the front proxy's certificate. Extra fields (`X-Remote-Extra-`) change
 * nothing here.
 * @param clientNames common names that the certificate may have; empty: any that the authority has issued
 * @throws WattlineError `unauthenticated`, `forbidden`
 */
export function assertFrontProxy(
  { socket, headersDistinct }: IncomingMessage,
  clientNames: readonly string[],
): void {
  const isProxy = verdicts.get(socket) ?? isFrontProxy(socket as TLSSocket, clientNames)
  verdicts.set(socket, isProxy)
  if (!isProxy) {
    throw new WattlineError(
      'unauthenticated',
      'The certificate of the client is not that of the front proxy: ask through the API server of the cluster, or add its name to autoscalers.kubernetes.client_names.',
    )
  }
  const [user = ''] = headersDistinct['x-remote-user'] ?? []
  if (user === '')
    throw new WattlineError('unauthenticated', 'The front proxy names no user in X-Remote-User.')
  if (headersDistinct['x-remote-group']?.includes(ANONYMOUS) === true)
    throw new WattlineError('forbidden', `User ${quoteHeader(user)} is anonymous.`)
}

function isFrontProxy(socket: TLSSocket, clientNames: readonly string[]): boolean {
  if (socket.authorized !== true) return false
  return clientNames.length === 0 || peerNames(socket).some(name => clientNames.includes(name))
}
