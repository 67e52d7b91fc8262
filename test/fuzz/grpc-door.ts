/** OTLP over gRPC: messages framed, compressed and split in every right way and many wrong ones. */
import { deflateSync, gzipSync, zstdCompressSync } from 'node:zlib'
import { createOtlpGrpcReceiver } from '../../collector/grpc/receiver.ts'
import type { Signal } from '../../collector/otlp/signals.ts'
import { silentEvents } from '../../core/catalogue/events/events.ts'
import { type Call, framed, GrpcClient, type GrpcReply, METHODS } from '../collector/grpc/grpc-rig.ts'
import type { FuzzCase } from './cases.ts'
import type { Dice } from './dice.ts'
import { type DoorAnswer, type DoorRequest, GONE, type OpenFuzzDoor, type Outcome, spoiled } from './door.ts'

const COMPRESS = {
  identity: (bytes: Uint8Array) => bytes,
  gzip: gzipSync,
  zstd: zstdCompressSync,
  deflate: deflateSync,
} as const
const CODINGS = ['identity', 'identity', 'gzip', 'zstd', 'deflate'] as const

const INVALID_ARGUMENT = 3
const RESOURCE_EXHAUSTED = 8
const INTERNAL = 13
const UNAVAILABLE = 14
const OUTCOMES: Readonly<Record<number, Outcome>> = {
  0: 'taken',
  [INVALID_ARGUMENT]: 'refused',
  [RESOURCE_EXHAUSTED]: 'refused',
  [INTERNAL]: 'refused',
  [UNAVAILABLE]: 'later',
}

/** The bytes sent for one call. */
interface Wire {
  readonly coding: (typeof CODINGS)[number]
  readonly bytes: Uint8Array
  readonly broken: boolean
  /** INTERNAL is only for framing. */
  readonly framing: boolean
  /** The payload, if the message is not the compressed one. */
  readonly payload?: Uint8Array
}

export const openGrpcDoor =
  (signal: Signal): OpenFuzzDoor =>
  async (intake, limits) => {
    const options = { host: '127.0.0.1', port: 0, limits, intake, events: silentEvents }
    const receiver = createOtlpGrpcReceiver(options)
    await receiver.start()
    const client = () => {
      const connection = new GrpcClient(receiver.address().port)
      return {
        request: (made: FuzzCase, dice: Dice) => callOf(connection, signal, made, dice),
        end() {
          const { destroyed } = connection.session
          connection.end()
          if (destroyed) throw new Error(`The connection ended, GOAWAY ${connection.goaways}.`)
        },
      }
    }
    return { client, stop: () => receiver.stop() }
  }

function callOf(connection: GrpcClient, signal: Signal, made: FuzzCase, dice: Dice): DoorRequest {
  const bytes = Uint8Array.from(made.bytes)
  const wire = wireOf(bytes, dice)
  const breaksOff = dice.once(20)
  const cuts = Array.from({ length: dice.below(3) }, () => dice.below(wire.bytes.length + 1))
  return {
    payload: { encoding: 'protobuf', bytes: wire.payload ?? bytes },
    broken: wire.broken || breaksOff,
    async send() {
      const headers = wire.coding === 'identity' ? {} : { 'grpc-encoding': wire.coding }
      const call = connection.open(METHODS[signal], headers)
      for (const piece of pieces(wire.bytes, cuts)) call.stream.write(piece)
      if (breaksOff) return await brokenOff(call)
      call.stream.end()
      return answerOf(await call.reply, wire.framing)
    },
  }
}

/** Before its end a call has no effect, unless it was already answered. */
async function brokenOff(call: Call): Promise<DoorAnswer> {
  call.cancel()
  const { status } = await call.reply
  if (status === 0) throw new Error('A call was taken that had not ended.')
  return GONE
}

/** In separate HTTP/2 frames, if they arrive so. */
function pieces(bytes: Uint8Array, cuts: readonly number[]): Uint8Array[] {
  const places = [0, ...cuts.toSorted((a, b) => a - b), bytes.length]
  return places.slice(1).map((end, at) => bytes.subarray(places[at], end))
}

function wireOf(bytes: Uint8Array, dice: Dice): Wire {
  const coding = dice.pick(CODINGS)
  const message = COMPRESS[coding](bytes)
  const flag = coding === 'identity' ? 0 : 1
  const whole = framed(message, flag)
  const sound = { coding, bytes: whole, broken: false, framing: false }
  if (coding !== 'identity' && dice.once(6)) {
    return { ...sound, bytes: framed(spoiled(message, dice), flag), broken: true }
  }
  if (!dice.once(4)) return sound
  switch (dice.below(7)) {
    case 0: {
      const announced = lie(message.length, dice)
      return { ...sound, bytes: framed(message, flag, announced), broken: announced !== message.length }
    }
    case 1:
      return { ...sound, bytes: framed(message, 2 + dice.below(254)), broken: true, framing: true }
    case 2:
      // The compression is not named.
      return { ...sound, coding: 'identity', bytes: framed(message, 1), broken: true, framing: true }
    case 3:
      // Not flagged as compressed: it is used unchanged, whatever the headers name.
      return { ...sound, bytes: framed(message), payload: message }
    case 4:
      return {
        ...sound,
        bytes: Buffer.concat([whole, dice.once(2) ? whole : framed(Buffer.alloc(0))]),
        broken: true,
      }
    case 5:
      return {
        ...sound,
        bytes: Buffer.concat([whole, dice.bytes(new Uint8Array(1 + dice.below(20)))]),
        broken: true,
      }
    default:
      return { ...sound, bytes: whole.subarray(0, dice.below(whole.length)), broken: true }
  }
}

const lie = (length: number, dice: Dice): number =>
  dice.pick([
    0,
    Math.max(0, length - 1),
    length + 1,
    dice.below(2 * length + 1),
    2 ** 31 - 1,
    2 ** 31,
    2 ** 32 - 1,
  ])

function answerOf({ status, message, details, body, reset }: GrpcReply, framing: boolean): DoorAnswer {
  const outcome = status === undefined ? undefined : OUTCOMES[status]
  const isFraming = status === INTERNAL && message.startsWith('frame_invalid')
  if (outcome === undefined || (status === INTERNAL && !(framing && isFraming))) {
    throw new Error(`Answered ${status}, RST_STREAM ${reset}: ${message}`)
  }
  const saysWhen = details?.retrySeconds !== undefined
  if (status !== 0 && (details?.code !== status || saysWhen !== (outcome === 'later'))) {
    throw new Error(`Answered ${status} with details ${JSON.stringify(details)}`)
  }
  if (status === 0 && body === undefined) throw new Error('Taken without a message.')
  return { outcome, status: String(status), partly: (body?.length ?? 0) > 0 }
}
