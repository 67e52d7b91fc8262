/** Receivers that misbehave in their own way, and remember what they accepted. */
import { createServer, type Server, type ServerResponse } from 'node:http'

/** How a receiver behaves; also the label `kind` of the alerts that go to it. */
export const KINDS = ['ok', 'fails', 'hangs', 'redirects', 'busy', 'gone', 'private'] as const
export type Kind = (typeof KINDS)[number]

/** A message that a receiver got. */
export interface Got {
  readonly id: string
  readonly name: string
  readonly status: 'firing' | 'resolved'
  readonly isAccepted: boolean
}

/** All receivers behind one port. */
export interface Receivers {
  readonly port: number
  readonly got: readonly Got[]
  /** Requests to addresses that nothing may be sent to. */
  readonly strays: readonly string[]
  close(): void
}

/** @param random 0 to 1, seeded */
export async function openReceivers(random: () => number): Promise<Receivers> {
  const got: Got[] = []
  const strays: string[] = []
  const attempts = new Map<string, number>()
  const server = createServer(async (request, reply) => {
    let body = ''
    for await (const chunk of request) body += String(chunk)
    const kind = (request.url ?? '').slice(1) as Kind
    if (!KINDS.includes(kind) || kind === 'private') {
      strays.push(request.url ?? '')
      reply.writeHead(200).end()
      return
    }
    const message = JSON.parse(body) as { status: Got['status']; alerts: { labels: { name: string } }[] }
    const id = String(request.headers['webhook-id'])
    const attempt = (attempts.get(id) ?? 0) + 1
    attempts.set(id, attempt)
    const isAccepted = answer(kind, attempt, random(), reply)
    for (const { labels } of message.alerts)
      got.push({ id, name: labels.name, status: message.status, isAccepted })
  })
  await listening(server)
  const address = server.address()
  if (typeof address !== 'object' || address === null) throw new Error('the receivers have no port')
  return {
    port: address.port,
    got,
    strays,
    close: () => {
      server.closeAllConnections()
      server.close()
    },
  }
}

const listening = (server: Server): Promise<void> =>
  new Promise(resolve => server.listen(0, '127.0.0.1', resolve))

/** Waits double: a minute of them is enough. */
const MOST_FAILURES = 4

/** Whether the message was accepted. */
function answer(kind: Kind, attempt: number, draw: number, reply: ServerResponse): boolean {
  if (kind === 'fails' && draw < 0.5 && attempt <= MOST_FAILURES) {
    if (draw < 0.25) reply.destroy()
    else reply.writeHead(500).end('broken')
    return false
  }
  if (kind === 'hangs' && draw < 0.33) return false
  if (kind === 'redirects' && attempt === 1) {
    reply.writeHead(307, { location: '/inside' }).end()
    return false
  }
  if (kind === 'busy' && attempt === 1) {
    reply.writeHead(draw < 0.5 ? 429 : 503, { 'retry-after': '1' }).end()
    return false
  }
  if (kind === 'gone') {
    reply.writeHead(410).end()
    return false
  }
  reply.writeHead(204).end()
  return true
}
