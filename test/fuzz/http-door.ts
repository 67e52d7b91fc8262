/** OTLP over HTTP: compressed, badly compressed, truncated, with wrong lengths. */
import { gzipSync, zstdCompressSync } from 'node:zlib'
import { createOtlpHttpReceiver } from '../../collector/http/receiver.ts'
import type { Signal } from '../../collector/otlp/signals.ts'
import { silentEvents } from '../../core/catalogue/events/events.ts'
import { RawClient, type RawReply } from '../collector/http/http-rig.ts'
import type { FuzzCase } from './cases.ts'
import type { Dice } from './dice.ts'
import { type DoorAnswer, type DoorRequest, GONE, type OpenFuzzDoor, type Outcome, spoiled } from './door.ts'

export type Headers = Readonly<Record<string, string>>

export interface HttpRequest {
  readonly headers: Headers
  readonly body: Uint8Array
  /** The client disconnects in the middle of the body. */
  readonly breaksOff: boolean
}

const OUTCOMES: Readonly<Record<number, Outcome>> = {
  200: 'taken',
  400: 'refused',
  413: 'refused',
  503: 'later',
}

/** OTLP over HTTP. */
export const openHttpDoor = (signal: Signal): OpenFuzzDoor =>
  openOverHttp(port => (made, dice) => {
    const { payload, broken, ...request } = wrap(made, dice)
    return { payload, broken, send: () => exchange(port, `/v1/${signal}`, request, answerOf) }
  })

/** A receiver over HTTP, with one connection per request. */
export function openOverHttp(
  requestsTo: (port: number) => (made: FuzzCase, dice: Dice) => DoorRequest,
): OpenFuzzDoor {
  return async (intake, limits) => {
    const receiver = createOtlpHttpReceiver({
      host: '127.0.0.1',
      port: 0,
      limits,
      intake,
      events: silentEvents,
    })
    await receiver.start()
    const request = requestsTo(receiver.address().port)
    return { client: () => ({ request, end: () => {} }), stop: () => receiver.stop() }
  }
}

export async function exchange(
  port: number,
  path: string,
  { headers, body, breaksOff }: HttpRequest,
  read: (reply: RawReply) => DoorAnswer,
): Promise<DoorAnswer> {
  const client = new RawClient(port)
  try {
    client.post(path, headers, body)
    if (!breaksOff) return read(await client.reply())
    client.socket.end()
    await client.closed()
    return GONE
  } finally {
    client.socket.destroy()
  }
}

function wrap(made: FuzzCase, dice: Dice): HttpRequest & Pick<DoorRequest, 'payload' | 'broken'> {
  const payload = { encoding: made.encoding, bytes: Uint8Array.from(made.bytes) }
  const type = payload.encoding === 'json' ? 'application/json' : 'application/x-protobuf'
  const coding = dice.pick(['identity', 'identity', 'gzip', 'zstd'] as const)
  const headers: Record<string, string> = { 'content-type': type, 'content-encoding': coding }
  let body: Uint8Array = payload.bytes
  if (coding === 'gzip') body = gzipSync(body)
  if (coding === 'zstd') body = zstdCompressSync(body)
  if (dice.once(20)) {
    headers['content-length'] = String(body.length + 1 + dice.below(100))
    return { payload, headers, body, broken: true, breaksOff: true }
  }
  const broken = coding !== 'identity' && dice.once(5)
  return { payload, headers, body: broken ? spoiled(body, dice) : body, broken, breaksOff: false }
}

function answerOf({ status, body }: RawReply): DoorAnswer {
  const outcome = OUTCOMES[status]
  if (outcome === undefined) throw new Error(`Answered ${status}: ${body}`)
  return { outcome, status: String(status), partly: status === 200 && body.length > 2 }
}
