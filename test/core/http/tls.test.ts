// Guarantees: a listener speaks TLS with the certificate of its files and nothing older than 1.2, follows them without
// dropping a connection, rejects mismatched files, requires client certificates if configured, and reports a
// certificate that expires.
import { once } from 'node:events'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import type { Server } from 'node:http'
import { request } from 'node:https'
import { type AddressInfo, connect } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type ConnectionOptions, connect as connectTls, type TLSSocket } from 'node:tls'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { EventBus } from '../../../core/catalogue/events/event-bus.ts'
import { createLogger } from '../../../core/catalogue/events/logger.ts'
import { type ListenerTls, openListenerTls } from '../../../core/http/tls.ts'
import { createWebServer } from '../../../core/http/web-server.ts'
import { type Certificate, createAuthority } from '../../support/certificates.ts'
import { until } from '../../support/until.ts'

const authority = createAuthority('Ours')
const stranger = createAuthority('Somebody')

let folder: string
let tls: ListenerTls
let server: Server | undefined
let events: EventBus
const path = (name: string): string => join(folder, name)

function write({ cert, key }: Certificate): void {
  writeFileSync(path('tls.crt'), cert)
  writeFileSync(path('tls.key'), key)
}

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'wattline-tls-'))
  // Refusals are expected here and are not failures.
  const log = createLogger('error')
  log.level = 'silent'
  events = new EventBus(log)
  write(authority.issue(['localhost', '127.0.0.1']))
})
afterEach(() => {
  tls?.close()
  server?.close()
  server?.closeAllConnections()
  rmSync(folder, { recursive: true, force: true })
})

async function listen(clientCa?: string, now?: () => number): Promise<number> {
  const files = { cert: path('tls.crt'), key: path('tls.key'), clientCa }
  tls = await openListenerTls(files, events, { pollMs: 5, ...(now === undefined ? {} : { now }) })
  server = createWebServer({}, { tls, events })
  server.on('request', (_request, response) => response.end('in'))
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return (server.address() as AddressInfo).port
}

const get = (port: number, options: ConnectionOptions = {}): Promise<string> =>
  new Promise((resolve, reject) => {
    const asked = request(
      { host: '127.0.0.1', port, ca: authority.cert, agent: false, ...options },
      response => {
        const { subject } = (response.socket as TLSSocket).getPeerCertificate()
        response.resume().once('end', () => resolve(String(subject.CN)))
      },
    )
    asked.once('error', reject).end()
  })

const connections = (): Promise<number> =>
  new Promise(resolve => server?.getConnections((_, count) => resolve(count)))
const refused = (): number => events.samples().get('wattline_access_refused_total')?.get('reason="tls"') ?? 0

describe('a listener with a certificate', () => {
  it('is trusted only by clients that trust its authority', async () => {
    const port = await listen()
    expect(await get(port)).toBe('localhost')
    await expect(get(port, { ca: stranger.cert })).rejects.toThrow(/certificate/)
    await expect(get(port, { host: '127.0.0.1', servername: 'other.example' })).rejects.toThrow(
      /altnames|Hostname/,
    )
  })

  it('speaks nothing older than TLS 1.2, and no plain HTTP', async () => {
    const port = await listen()
    await expect(get(port, { minVersion: 'TLSv1', maxVersion: 'TLSv1.1' })).rejects.toThrow()
    const plain = connect(port, '127.0.0.1')
    plain.write('GET / HTTP/1.1\r\nHost: localhost\r\n\r\n')
    const heard: Buffer[] = []
    plain.on('data', chunk => heard.push(chunk)).on('error', () => {})
    await once(plain, 'close')
    expect(Buffer.concat(heard).toString()).not.toContain('HTTP/1.1 200')
    await until(() => refused() >= 2)
  })

  it('follows its files: new connections get the new certificate, open ones continue', async () => {
    const port = await listen()
    const open = connectTls({ host: '127.0.0.1', port, ca: authority.cert, servername: 'localhost' })
    await once(open, 'secureConnect')
    write(authority.issue(['renewed.example', '127.0.0.1']))
    await until(async () => (await get(port)) === 'renewed.example')
    open.write('GET / HTTP/1.1\r\nHost: localhost\r\n\r\n')
    const [answer] = (await once(open, 'data')) as [Buffer]
    expect(answer.toString()).toContain('200 OK')
    expect(open.getPeerCertificate().subject.CN).toBe('localhost')
    open.destroy()
  })

  it('rejects a mismatched pair and garbage, and names the file', async () => {
    const port = await listen()
    writeFileSync(path('tls.key'), stranger.key)
    await until(() => tls.note() !== null)
    expect(tls.note()).toMatch(/tls\.key is not the key of certificate .*tls\.crt.* stays in force$/)
    writeFileSync(path('tls.crt'), 'nothing')
    await until(() => tls.note()?.includes('tls.crt does not contain a PEM certificate') === true)
    expect(await get(port)).toBe('localhost')
    write(authority.issue(['mended.example', '127.0.0.1']))
    await until(async () => (await get(port)) === 'mended.example')
    expect(tls.note()).toBeNull()
  })

  it('does not start with files that do not match', async () => {
    writeFileSync(path('tls.key'), stranger.key)
    await expect(listen()).rejects.toMatchObject({
      code: 'config_invalid',
      message: expect.stringContaining('tls.key'),
    })
  })

  it('ends in time, with connections that never complete their handshake', async () => {
    const port = await listen()
    const silent = connect(port, '127.0.0.1').on('error', () => {})
    // The beginning of a TLS record, and no more.
    silent.write(Buffer.from([22, 3, 1]))
    await once(silent, 'connect')
    await until(async () => (await connections()) === 1)
    server?.close()
    server?.closeAllConnections()
    // Reset or ended, depending on the system.
    await new Promise(resolve => silent.once('close', resolve))
  })

  it('reports a certificate that expires within a week, and an expired one', async () => {
    const expires = new Date('2027-01-31T00:00:00Z')
    write(authority.issue(['localhost', '127.0.0.1'], { expires }))
    let now = Date.parse('2027-01-01T00:00:00Z')
    await listen(undefined, () => now)
    expect(tls.note()).toBeNull()
    now = Date.parse('2027-01-25T00:00:00Z')
    expect(tls.note()).toBe('listen.tls: the certificate expires at 2027-01-31T00:00:00.000Z')
    now = Date.parse('2027-02-01T00:00:00Z')
    expect(tls.note()).toBe('listen.tls: the certificate expired at 2027-01-31T00:00:00.000Z')
  })
})

describe('a listener with an authority for clients', () => {
  beforeEach(() => writeFileSync(path('ca.crt'), authority.cert))

  it('accepts only clients with a certificate from it, also after a reload', async () => {
    const port = await listen(path('ca.crt'))
    const friend = authority.issue(['agent-1'])
    const imposter = stranger.issue(['agent-1'])
    const outcomes = async () => [
      await get(port, friend),
      await get(port).catch(() => 'refused'),
      await get(port, imposter).catch(() => 'refused'),
    ]
    expect(await outcomes()).toEqual(['localhost', 'refused', 'refused'])
    await until(() => refused() >= 2)
    write(authority.issue(['renewed.example', '127.0.0.1']))
    await until(async () => (await get(port, friend)) === 'renewed.example')
    expect(await outcomes()).toEqual(['renewed.example', 'refused', 'refused'])
  })

  it('follows the authority file too', async () => {
    const port = await listen(path('ca.crt'))
    const friend = authority.issue(['agent-1'])
    writeFileSync(path('ca.crt'), stranger.cert)
    await until(async () => (await get(port, stranger.issue(['agent-2'])).catch(() => '')) === 'localhost')
    await expect(get(port, friend)).rejects.toThrow()
  })

  it('does not start without a certificate in the file', async () => {
    writeFileSync(path('ca.crt'), '')
    await expect(listen(path('ca.crt'))).rejects.toThrow(/ca\.crt does not contain a PEM certificate/)
  })
})
