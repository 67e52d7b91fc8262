/**
 * Messages of the kernel's taskstats interface (generic netlink; Documentation/accounting/taskstats.rst, layout of
 * linux/taskstats.h). Who registers gets a message for each thread that exits, with the CPU time that it used. Pure.
 */

const GENL_ID_CTRL = 16
const CTRL_CMD_GETFAMILY = 3
const CTRL_ATTR_FAMILY_ID = 1
const CTRL_ATTR_FAMILY_NAME = 2
const TASKSTATS_CMD_GET = 1
const TASKSTATS_CMD_ATTR_REGISTER_CPUMASK = 3
const TYPE_STATS = 3
const TYPE_AGGR_PID = 4

const NLMSG_ERROR = 2
const REQUEST_WITH_ANSWER = 5
const NETLINK_HEADER = 16
const HEADERS = NETLINK_HEADER + 4

/** Fields of `struct taskstats`. */
const VERSION = 0
const FLAG = 8
const RUN_VIRTUAL_NS = 72
const COMM = 80
const COMM_BYTES = 32
const PID = 128
const PARENT_PID = 132
const USER_US = 152
const SYSTEM_US = 160
const TGID = 368
/** The first version with the process of a thread, and with the flag that it was the last thread of its process. */
const VERSION_WITH_TGID = 12
/** It was created by fork or clone and ran no program since. */
const AFORK = 0x01
const AGROUP = 0x20

/** A thread that has ended. */
export interface ThreadExit {
  readonly pid: number
  /** Its process; null before Linux 5.19. */
  readonly processPid: number | null
  readonly parentPid: number
  readonly name: string
  /** CPU time of this thread alone, µs. */
  readonly cpuUs: number
  /** The process has ended with it; never set before Linux 5.19. */
  readonly isLast: boolean
  readonly hasForked: boolean
}

/** Asks for the number of the family, which the kernel assigns at boot. */
export const familyRequest = (): Buffer =>
  request(GENL_ID_CTRL, CTRL_CMD_GETFAMILY, CTRL_ATTR_FAMILY_NAME, 'TASKSTATS')

/** Registers the sender for exits on these CPUs, in the kernel's notation (`0-7`). */
export const registerRequest = (family: number, cpus: string): Buffer =>
  request(family, TASKSTATS_CMD_GET, TASKSTATS_CMD_ATTR_REGISTER_CPUMASK, cpus)

function request(type: number, command: number, attribute: number, text: string): Buffer {
  const value = Buffer.from(`${text}\0`)
  const length = HEADERS + 4 + value.length
  const message = Buffer.alloc(aligned(length))
  message.writeUInt32LE(message.length, 0)
  message.writeUInt16LE(type, 4)
  message.writeUInt16LE(REQUEST_WITH_ANSWER, 6)
  message.writeUInt32LE(1, 8)
  message.writeUInt8(command, NETLINK_HEADER)
  message.writeUInt8(1, NETLINK_HEADER + 1)
  message.writeUInt16LE(4 + value.length, HEADERS)
  message.writeUInt16LE(attribute, HEADERS + 2)
  value.copy(message, HEADERS + 4)
  return message
}

/** The number of the family in an answer; undefined in other messages. */
export function familyId(datagram: Buffer): number | undefined {
  for (const { type, body } of messagesOf(datagram)) {
    if (type !== GENL_ID_CTRL) continue
    for (const [attribute, value] of attributesOf(body)) {
      if (attribute === CTRL_ATTR_FAMILY_ID && value.length >= 2) return value.readUInt16LE(0)
    }
  }
  return undefined
}

/** The result of a request: 0, or a negative error number; undefined in other messages. */
export function resultOf(datagram: Buffer): number | undefined {
  for (const { type, whole } of messagesOf(datagram)) {
    if (type === NLMSG_ERROR && whole.length >= HEADERS) return whole.readInt32LE(NETLINK_HEADER)
  }
  return undefined
}

/** Threads of which a datagram says that they ended. */
export function threadExits(datagram: Buffer, family: number): ThreadExit[] {
  const found: ThreadExit[] = []
  for (const { type, body } of messagesOf(datagram)) {
    if (type !== family) continue
    for (const [attribute, aggregate] of attributesOf(body)) {
      // Sums of whole processes follow; they lack CPU time unless the kernel accounts delays.
      if (attribute !== TYPE_AGGR_PID) continue
      for (const [inner, stats] of attributesOf(aggregate)) {
        if (inner === TYPE_STATS && stats.length > SYSTEM_US + 8) found.push(exitOf(stats))
      }
    }
  }
  return found
}

function exitOf(stats: Buffer): ThreadExit {
  const hasProcess = stats.readUInt16LE(VERSION) >= VERSION_WITH_TGID && stats.length >= TGID + 4
  const flags = stats.readUInt8(FLAG)
  const name = stats.subarray(COMM, COMM + COMM_BYTES)
  const end = name.indexOf(0)
  // To the nanosecond where the kernel accounts delays; otherwise by ticks, as /proc does.
  const virtualUs = Number(stats.readBigUInt64LE(RUN_VIRTUAL_NS) / 1000n)
  const tickedUs = Number(stats.readBigUInt64LE(USER_US) + stats.readBigUInt64LE(SYSTEM_US))
  return {
    pid: stats.readUInt32LE(PID),
    processPid: hasProcess ? stats.readUInt32LE(TGID) : null,
    parentPid: stats.readUInt32LE(PARENT_PID),
    name: (end < 0 ? name : name.subarray(0, end)).toString('utf8').replace(/\p{Cc}/gu, '?'),
    cpuUs: virtualUs > 0 ? virtualUs : tickedUs,
    isLast: hasProcess && (flags & AGROUP) !== 0,
    hasForked: (flags & AFORK) !== 0,
  }
}

interface Message {
  readonly type: number
  readonly whole: Buffer
  /** After the header of generic netlink. */
  readonly body: Buffer
}

function* messagesOf(datagram: Buffer): Generator<Message> {
  let at = 0
  while (at + NETLINK_HEADER <= datagram.length) {
    const length = datagram.readUInt32LE(at)
    if (length < NETLINK_HEADER || at + length > datagram.length) return
    const whole = datagram.subarray(at, at + length)
    yield { type: whole.readUInt16LE(4), whole, body: whole.subarray(HEADERS) }
    at += aligned(length)
  }
}

function* attributesOf(bytes: Buffer): Generator<readonly [type: number, value: Buffer]> {
  let at = 0
  while (at + 4 <= bytes.length) {
    const length = bytes.readUInt16LE(at)
    if (length < 4 || at + length > bytes.length) return
    // The highest bits are flags.
    yield [bytes.readUInt16LE(at + 2) & 0x3fff, bytes.subarray(at + 4, at + length)]
    at += aligned(length)
  }
}

const aligned = (length: number): number => (length + 3) & ~3
