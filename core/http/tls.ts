import { X509Certificate } from 'node:crypto'
import { createSecureContext, type SecureContextOptions, type Server, type TlsOptions } from 'node:tls'
import type { Config } from '../catalogue/config/schema.ts'
import type { Events } from '../catalogue/events/events.ts'
import { openReloadedFiles, type ReloadedFiles } from '../runtime/reloaded-files.ts'

/** The current certificate of every listener of the process. */
export interface ListenerTls {
  /** Initial options of a server. Whether clients must present a certificate never changes while the process runs. */
  options(): TlsOptions
  /** From now on the server follows the files: new connections use the new certificate, open ones continue. */
  attach(server: Server): void
  /** The problem with the files, now or soon; null when there is none. */
  note(): string | null
  close(): void
}

interface TlsFiles {
  readonly cert: string
  readonly key: string
  readonly clientCa: string | undefined
}

/** The files named in the configuration; undefined: no TLS. */
export const tlsFilesOf = ({
  cert,
  key,
  client_ca: clientCa,
}: Config['listen']['tls']): TlsFiles | undefined =>
  cert === undefined || key === undefined ? undefined : { cert, key, clientCa }

interface Material {
  readonly context: SecureContextOptions
  /** Unix milliseconds. */
  readonly expiresMs: number
}

/** A certificate that expires within this time is reported, since it has not been renewed. */
const WARN_BEFORE_MS = 7 * 86_400_000

/** @param options `what` names the files in errors and notes. @throws WattlineError `config_invalid` with the name of the unusable file. */
export async function openListenerTls(
  files: TlsFiles,
  events: Events,
  {
    what = 'listen.tls',
    pollMs,
    now = Date.now,
  }: { readonly what?: string; readonly pollMs?: number; readonly now?: () => number } = {},
): Promise<ListenerTls> {
  const servers = new Set<Server>()
  const { cert, key, clientCa } = files
  const reloaded: ReloadedFiles<Material> = await openReloadedFiles({
    what,
    paths: clientCa === undefined ? [cert, key] : [cert, key, clientCa],
    parse: contents => readMaterial(files, contents),
    onChange: ({ context }) => {
      for (const server of servers) server.setSecureContext(context)
    },
    events,
    ...(pollMs === undefined ? {} : { pollMs }),
  })
  return {
    options: () => ({
      ...reloaded.value.context,
      // Without a certificate of these authorities, the handshake fails before any request is read.
      ...(clientCa === undefined ? {} : { requestCert: true, rejectUnauthorized: true }),
    }),
    attach(server) {
      servers.add(server)
      server.once('close', () => servers.delete(server))
    },
    note() {
      if (reloaded.problem !== null) return reloaded.problem
      const { expiresMs } = reloaded.value
      const date = new Date(expiresMs).toISOString()
      if (expiresMs <= now()) return `${what}: the certificate expired at ${date}`
      return expiresMs - now() < WARN_BEFORE_MS ? `${what}: the certificate expires at ${date}` : null
    },
    close: reloaded.close,
  }
}

/** Throws an Error with the file name. */
export function readMaterial(files: TlsFiles, [cert, key, ca]: readonly Buffer[]): Material {
  if (cert === undefined || key === undefined) throw new Error('both the certificate and its key are needed')
  const shown = certificateIn(files.cert, cert)
  if (ca !== undefined) certificateIn(files.clientCa ?? '', ca)
  const context = { cert, key, minVersion: 'TLSv1.2', ...(ca === undefined ? {} : { ca }) } as const
  try {
    createSecureContext(context)
  } catch (error) {
    throw new Error(`${files.key} is not the key of certificate ${files.cert}: ${(error as Error).message}`)
  }
  return { context, expiresMs: shown.validToDate.getTime() }
}

/** The first certificate of a PEM file. */
function certificateIn(path: string, pem: Buffer): X509Certificate {
  try {
    return new X509Certificate(pem)
  } catch (error) {
    throw new Error(`${path} does not contain a PEM certificate: ${(error as Error).message}`)
  }
}
