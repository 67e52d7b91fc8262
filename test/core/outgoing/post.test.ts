// Guarantees: nothing is sent to a forbidden address, in any spelling; redirects are answers; time and size are
// limited.
import dns, { type LookupAddress } from 'node:dns'
import { createServer, type RequestListener, type Server } from 'node:http'
import { syncBuiltinESMExports } from 'node:module'
import { afterEach, describe, expect, it } from 'vitest'
import { addressFilter } from '../../../core/outgoing/addresses.ts'
import { OutgoingError, post } from '../../../core/outgoing/post.ts'
import { retryAfterMs } from '../../../core/outgoing/retry-after.ts'

const servers: Server[] = []
const { lookup } = dns

/** Answers look-ups of names in place of the system. */
function resolveWith(
  answer: (name: string, callback: (error: null, found: LookupAddress[]) => void) => void,
): void {
  dns.lookup = ((name: string, _options: unknown, callback: (error: null, found: LookupAddress[]) => void) =>
    answer(name, callback)) as unknown as typeof lookup
  syncBuiltinESMExports()
}

afterEach(() => {
  dns.lookup = lookup
  syncBuiltinESMExports()
  for (const server of servers.splice(0)) {
    server.closeAllConnections()
    server.close()
  }
})

async function serve(answer: RequestListener): Promise<{ readonly port: number; readonly seen: string[] }> {
  const seen: string[] = []
  const server = createServer((request, reply) => {
    seen.push(request.url ?? '')
    answer(request, reply)
  })
  servers.push(server)
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  const address = server.address()
  return { port: typeof address === 'object' && address !== null ? address.port : 0, seen }
}

const send = (url: string, allowed: readonly string[] = ['127.0.0.0/8', '::1'], timeoutMs = 5_000) =>
  post({
    url: new URL(url),
    headers: { 'content-type': 'application/json' },
    body: '{"a":"ä"}',
    timeoutMs,
    isAllowed: addressFilter(allowed),
    signal: new AbortController().signal,
  })

describe('a post', () => {
  it('sends the body and returns status, wait and the beginning of the answer', async () => {
    let body = ''
    const { port } = await serve(async (request, reply) => {
      for await (const chunk of request) body += String(chunk)
      reply.writeHead(503, { 'retry-after': '7' }).end('x'.repeat(100_000))
    })
    const reply = await send(`http://127.0.0.1:${port}/hook`)
    expect(reply).toMatchObject({ status: 503, retryAfterMs: 7_000 })
    expect(reply.text.length).toBeLessThanOrEqual(2_048)
    expect(body).toBe('{"a":"ä"}')
  })

  it('returns a redirect and does not follow it', async () => {
    const { port, seen } = await serve((_, reply) => {
      reply.writeHead(302, { location: '/other' }).end()
    })
    expect((await send(`http://127.0.0.1:${port}/hook`)).status).toBe(302)
    expect(seen).toEqual(['/hook'])
  })

  it.each([
    '127.0.0.1',
    '2130706433',
    '0x7f.1',
    '0177.0.0.1',
    '127.1',
    '[::ffff:127.0.0.1]',
    '[::1]',
    '127.0.0.1.',
    '%31%32%37.0.0.1',
    '①②⑦.0.0.1',
    '017700000001',
    '[0:0:0:0:0:ffff:7f00:1]',
    'localhost',
  ])('sends nothing to http://%s/ unless it is allowed', async host => {
    const { port, seen } = await serve((_, reply) => reply.end())
    const sent = send(`http://${host}:${port}/`, [])
    await expect(sent).rejects.toThrow('is not a public address')
    await expect(sent).rejects.toMatchObject({ isRefused: true })
    expect(seen).toEqual([])
  })

  it('sends to the address that was checked, and to no other that the name has by then', async () => {
    const { port, seen } = await serve((_, reply) => reply.writeHead(204).end())
    const answers: LookupAddress[][] = [
      [{ address: '127.0.0.1', family: 4 }],
      [{ address: '127.0.0.2', family: 4 }],
      [
        { address: '127.0.0.1', family: 4 },
        { address: '169.254.169.254', family: 4 },
      ],
      [{ address: 'fe80::1%lo', family: 6 }],
      [],
    ]
    const asked: string[] = []
    resolveWith((name, callback) => {
      asked.push(name)
      callback(null, answers.shift() ?? [])
    })
    const url = `http://rebound.example:${port}/`
    expect((await send(url, ['127.0.0.1'])).status).toBe(204)
    await expect(send(url, ['127.0.0.1'])).rejects.toThrow(
      'rebound.example is 127.0.0.2, which is not a public',
    )
    await expect(send(url, ['127.0.0.1'])).rejects.toThrow('169.254.169.254')
    await expect(send(url, ['127.0.0.1'])).rejects.toMatchObject({ isRefused: true })
    await expect(send(url, ['127.0.0.1'])).rejects.toThrow(OutgoingError)
    // Once per attempt: what was checked is what was connected to.
    expect(asked).toHaveLength(5)
    expect(seen).toEqual(['/'])
  })

  it('does not follow a redirect to a private address, whatever its status', async () => {
    for (const status of [301, 302, 303, 307, 308]) {
      const inside = await serve((_, reply) => reply.end())
      const { port } = await serve((_, reply) => {
        reply.writeHead(status, { location: `http://127.0.0.1:${inside.port}/latest/meta-data` }).end()
      })
      expect((await send(`http://127.0.0.1:${port}/`)).status).toBe(status)
      expect(inside.seen).toEqual([])
    }
  })

  it('reaches a name whose addresses are all allowed', async () => {
    const { port } = await serve((_, reply) => reply.writeHead(204).end())
    expect((await send(`http://localhost:${port}/`)).status).toBe(204)
  })

  it('gives up on a receiver that does not answer', async () => {
    const { port } = await serve(() => {})
    await expect(send(`http://127.0.0.1:${port}/`, undefined, 100)).rejects.toThrow('no answer within 0.1 s')
  })

  it('says why it cannot connect', async () => {
    await expect(send('http://127.0.0.1:1/')).rejects.toThrow(OutgoingError)
    await expect(send('ftp://127.0.0.1/')).rejects.toThrow('not http')
  })
})

it('reads Retry-After as seconds and as a date', () => {
  const now = Date.parse('2026-11-30T12:00:00Z')
  expect(retryAfterMs('120', now)).toBe(120_000)
  expect(retryAfterMs('Mon, 30 Nov 2026 12:01:00 GMT', now)).toBe(60_000)
  expect(retryAfterMs('Mon, 30 Nov 2026 11:00:00 GMT', now)).toBe(0)
  expect(retryAfterMs('soon', now)).toBeNull()
  expect(retryAfterMs(undefined, now)).toBeNull()
})
