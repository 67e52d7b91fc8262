/** Sample data in place of Secrets while configurations are checked: of the right kind, but useless to anyone. */
import { createAuthority } from '../../test/support/certificates.ts'

const TOKENS = `- {tenant: default, scopes: [ingest, read, admin], sha256: ${'0'.repeat(64)}}\n`
const authority = createAuthority('sample')
const { cert, key } = authority.issue(['localhost'])

/** By the name of the file. */
export function sampleSecret(name: string): string {
  switch (name) {
    case 'tokens.yaml':
      return TOKENS
    case 'ca.crt':
    case 'requestheader-client-ca-file':
      return authority.cert
    case 'tls.crt':
      return cert
    case 'tls.key':
      return key
    default:
      return 'secret'
  }
}
