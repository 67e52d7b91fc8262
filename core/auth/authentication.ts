import type { Config } from '../catalogue/config/schema.ts'
import type { Events } from '../catalogue/events/events.ts'
import { type ListenerTls, openListenerTls, tlsFilesOf } from '../http/tls.ts'
import { OPERATOR_TENANT } from '../model/identity.ts'
import type { Access } from './access.ts'
import { createOpenAccess } from './open-access.ts'
import { newToken, tokenHash } from './token.ts'
import { createTokenAccess } from './token-access.ts'
import type { TokenEntry } from './token-list.ts'
import { createTokenTable } from './token-table.ts'
import { openTokensFile } from './tokens-file.ts'

/** Shared by all listeners of the process: the accepted callers, and the certificate. */
export interface Authentication {
  readonly access: Access
  readonly tls: ListenerTls | undefined
  /** The credential that the process itself uses to send its telemetry: made at start, kept in memory only. */
  readonly own: {
    readonly token: string
    /** Accepts only that token. */
    readonly access: Access
  }
  /** Notes for the operator although everything works: files that were not loaded, a certificate that expires soon. */
  notes(): readonly string[]
  close(): void
}

/** @throws WattlineError `config_invalid` when tokens or certificate cannot be read. */
export async function openAuthentication(
  { auth, listen }: Pick<Config, 'auth' | 'listen'>,
  events: Events,
): Promise<Authentication> {
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
