/**
 * Creates the secrets that the services of compose.yaml need to trust each other, once: tokens (each service gets its
 * own, the others see only hashes) and the password of ClickHouse. It runs in a container of the image, before all
 * others. Each reader has its own volume, so no service sees the secret of another.
 */
import { randomBytes } from 'node:crypto'
import { existsSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { newToken, tokenHash } from '../../core/auth/token.ts'

const [folder = '/secrets'] = process.argv.slice(2)
/** Written last, so that an interrupted start is repeated. */
const TOKENS = join(folder, 'auth/tokens.yaml')

/** Readable by all users: each volume is mounted only into the service that may read it, whatever user it runs as. */
const write = (path: string, text: string): void => writeFileSync(join(folder, path), text, { mode: 0o444 })

if (existsSync(TOKENS)) {
  console.log('Tokens and passwords exist already.')
} else {
  const readers = [
    { name: 'you', scopes: 'ingest, read, admin', token: newToken() },
    { name: 'agent', scopes: 'ingest', token: newToken() },
    { name: 'grafana', scopes: 'read', token: newToken() },
  ] as const
  write('clickhouse/password', randomBytes(24).toString('base64url'))
  write('agent/token', readers[1].token)
  write('grafana/token', readers[2].token)
  write('grafana/admin-password', randomBytes(24).toString('base64url'))
  const lines = readers.map(
    ({ name, scopes, token }) =>
      `- {tenant: default, scopes: [${scopes}], sha256: ${tokenHash(token).toString('hex')}, name: ${name}}\n`,
  )
  write('auth/tokens.yaml', lines.join(''))
  console.log(`Your token, shown only once: ${readers[0].token}`)
}
