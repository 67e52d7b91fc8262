/** Messages as the kernel writes them, and a socket that answers with them. */
import { NetlinkError, type NetlinkSocket } from '../../../../collector/sensors/exits/netlink.ts'

export const FAMILY = 31

interface Report {
  readonly pid: number
  readonly tgid: number
  readonly parent: number
  readonly comm: string
  readonly user: number
  readonly system: number
  readonly flags?: number
  readonly virtualNs?: bigint
  /** Kernels align the 64-bit fields on machines that need it. */
  readonly isPadded?: boolean
}

/** A message of version 16, as Linux 6.18 sends it. */
export function report(of: Report): Buffer {
  const stats = Buffer.alloc(560)
  stats.writeUInt16LE(16, 0)
  stats.writeUInt8(of.flags ?? 0, 8)
  stats.writeBigUInt64LE(of.virtualNs ?? 0n, 72)
  stats.write(of.comm, 80)
  stats.writeUInt32LE(of.pid, 128)
  stats.writeUInt32LE(of.parent, 132)
  stats.writeBigUInt64LE(BigInt(of.user), 152)
  stats.writeBigUInt64LE(BigInt(of.system), 160)
  stats.writeUInt32LE(of.tgid, 368)
  const pid = Buffer.alloc(4)
  pid.writeUInt32LE(of.pid)
  const padding = of.isPadded === true ? attribute(6, Buffer.alloc(0)) : Buffer.alloc(0)
  return message(FAMILY, attribute(4, Buffer.concat([attribute(1, pid), padding, attribute(3, stats)])))
}

function attribute(type: number, value: Buffer): Buffer {
  const bytes = Buffer.alloc((4 + value.length + 3) & ~3)
  bytes.writeUInt16LE(4 + value.length, 0)
  bytes.writeUInt16LE(type, 2)
  value.copy(bytes, 4)
  return bytes
}

function message(type: number, body: Buffer): Buffer {
  const head = Buffer.alloc(20)
  head.writeUInt32LE(20 + body.length, 0)
  head.writeUInt16LE(type, 4)
  return Buffer.concat([head, body])
}

const family = (): Buffer => {
  const id = Buffer.alloc(2)
  id.writeUInt16LE(FAMILY)
  return message(16, Buffer.concat([attribute(2, Buffer.from('TASKSTATS\0')), attribute(1, id)]))
}

const result = (error: number): Buffer => {
  const bytes = Buffer.alloc(36)
  bytes.writeUInt32LE(36, 0)
  bytes.writeUInt16LE(2, 4)
  bytes.writeInt32LE(error, 16)
  return bytes
}

/** In place of a datagram: `recv` fails with it. */
export const failure = (errno: number): NetlinkError => new NetlinkError('recv', errno)

/** Answers each request by one of `answers`: the family, or a result. `later` comes after them. */
export function answerTo(
  answers: readonly ('family' | number)[],
  later: readonly (Buffer | NetlinkError)[] = [],
): NetlinkSocket {
  const left = [...answers]
  const waiting: (Buffer | NetlinkError)[] = []
  return {
    send() {
      const answer = left.shift()
      if (answer === 'family') waiting.push(family(), result(0))
      else if (answer !== undefined) waiting.push(result(answer))
      if (left.length === 0) waiting.push(...later)
    },
    receive() {
      const next = waiting.shift() ?? null
      if (next instanceof NetlinkError) throw next
      return next
    },
    close() {},
  }
}
