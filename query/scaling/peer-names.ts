/** Names in the certificate of a client. */
import type { X509Certificate } from 'node:crypto'
import type { TLSSocket } from 'node:tls'

/** Common name, DNS names and URIs of a certificate that an accepted authority has issued; empty without one. */
export function peerNames(
  socket: Partial<Pick<TLSSocket, 'authorized' | 'getPeerX509Certificate'>>,
): readonly string[] {
  if (socket.authorized !== true) return []
  const certificate = socket.getPeerX509Certificate?.()
  return certificate === undefined ? [] : namesOf(certificate)
}

function namesOf({ subject, subjectAltName = '' }: X509Certificate): readonly string[] {
  const common = subject.split('\n').flatMap(line => (line.startsWith('CN=') ? [line.slice(3)] : []))
  const others = subjectAltName
    .split(', ')
    .flatMap(entry => /^(?:DNS|URI):([^"]+)$/.exec(entry)?.slice(1) ?? [])
  return [...common, ...others]
}
