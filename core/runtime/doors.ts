import { OPERATOR_TENANT } from '../model/identity.ts'
import type { Access } from './auth/access.ts'
import { createOpenAccess } from './auth/open-access.ts'
import { newToken, tokenHash } from './auth/token.ts'
import { createTokenAccess } from './auth/token-access.ts'
import type { TokenEntry } from './auth/token-list.ts'
import { createTokenTable } from './auth/token-table.ts'
import { openTokensFile } from './auth/tokens-file.ts'
import type { Config } from './config/schema.ts'
import type { Events } from './events.ts'
import { type ListenerTls, openListenerTls, tlsFilesOf } from './tls.ts'

/** What every listener of the process shares: who may enter, and by which certificate. */
export interface Doors {
  readonly access: Access
  readonly tls: ListenerTls | undefined
  /** How the process itself enters, with its own telemetry: made at start, in memory alone. */
  readonly own: {
    readonly token: string
    /** Knows that token and no other. */
    readonly access: Access
  }
  /** What an operator should look at, though everything works: files that were kept out, a certificate that runs out. */
  notes(): readonly string[]
  close(): void
}

/** @throws WattlineError `config_invalid` when tokens or certificate cannot be read. */
export async function openDoors(
  { auth, listen }: Pick<Config, 'auth' | 'listen'>,
  events: Events,
): Promise<Doors> {
  const token = newToken()
  const own = ownEntry(token)
  const ownTable = createTokenTable([own])
  const path = auth.tokens_file
  const file = path === undefined ? undefined : await openTokensFile({ path, events, besides: [own] })
  const tlsFiles = tlsFilesOf(listen.tls)
  const tls = tlsFiles === undefined ? undefined : await openListenerTls(tlsFiles, events)
  return {
    access:
      file === undefined ? createOpenAccess(events) : createTokenAccess({ tokens: () => file.value, events }),
    tls,
    own: { token, access: createTokenAccess({ tokens: () => ownTable, events }) },
    notes: () => [file?.problem, tls?.note()].filter(note => typeof note === 'string'),
    close() {
      file?.close()
      tls?.close()
    },
  }
}

const ownEntry = (token: string): TokenEntry => ({
  tenant: OPERATOR_TENANT,
  scopes: ['ingest'],
  accounts: null,
  sha256: tokenHash(token).toString('hex'),
  name: 'telemetry of this process',
  expiresMs: null,
})
