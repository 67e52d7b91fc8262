/**
 * Packets of IPMI 2.0 over UDP (RMCP+): the IPMI specification v2.0 revision 1.1, sections 13.6 (session header), 13.8
 * (messages), 13.28 and 13.29 (integrity, AES-CBC-128).
 */
import { createCipheriv, createDecipheriv, createHmac, randomBytes, timingSafeEqual } from 'node:crypto'

const RMCP_HEADER = Buffer.from([0x06, 0x00, 0xff, 0x07])
const RMCP_PLUS = 0x06
const ENCRYPTED = 0x80
const AUTHENTICATED = 0x40
const NEXT_HEADER = 0x07
/** RMCP header, auth type, payload type, session id, sequence number, payload length. */
const HEADER_BYTES = 4 + 1 + 1 + 4 + 4 + 2

/** Payload types. */
export const PAYLOAD = {
  ipmi: 0x00,
  openRequest: 0x10,
  openResponse: 0x11,
  rakp1: 0x12,
  rakp2: 0x13,
  rakp3: 0x14,
  rakp4: 0x15,
} as const

/** Keys of an open session. */
export interface SessionKeys {
  readonly hash: 'sha1' | 'sha256'
  /** Bytes of the integrity code that are sent. */
  readonly codeBytes: number
  /** K1, for integrity. */
  readonly integrity: Buffer
  /** The first 16 bytes of K2, for AES. */
  readonly cipher: Buffer
}

/** A received packet, verified and decrypted if it was protected. */
export interface Packet {
  readonly type: number
  readonly sessionId: number
  readonly payload: Buffer
}

/** A packet of session setup, which is not protected. */
export function plainPacket(type: number, payload: Buffer): Buffer {
  return Buffer.concat([RMCP_HEADER, sessionHeader(type, 0, 0, payload.length), payload])
}

/** A packet of a session: encrypted, with an integrity code. */
export function sealedPacket(
  keys: SessionKeys,
  { sessionId, sequence }: { readonly sessionId: number; readonly sequence: number },
  message: Buffer,
): Buffer {
  const payload = encrypt(keys.cipher, message)
  const header = sessionHeader(PAYLOAD.ipmi | ENCRYPTED | AUTHENTICATED, sessionId, sequence, payload.length)
  // The pad makes everything from the header to the next-header field a multiple of 4 bytes.
  const padding = (4 - ((header.length + payload.length + 2) % 4)) % 4
  const trailer = Buffer.alloc(padding + 2, 0xff)
  trailer[padding] = padding
  trailer[padding + 1] = NEXT_HEADER
  const covered = Buffer.concat([header, payload, trailer])
  return Buffer.concat([RMCP_HEADER, covered, codeOf(keys, covered)])
}

/** Undefined for what is not a valid packet: anybody may send to a UDP port. `keys`: of the open session. */
export function openPacket(bytes: Buffer, keys?: SessionKeys): Packet | undefined {
  if (bytes.length < HEADER_BYTES || bytes[0] !== 0x06 || (bytes[3]! & 0x1f) !== 0x07) return undefined
  if (bytes[4] !== RMCP_PLUS) return undefined
  const flags = bytes[5]!
  const sessionId = bytes.readUInt32LE(6)
  const payloadEnd = HEADER_BYTES + bytes.readUInt16LE(14)
  if (payloadEnd > bytes.length) return undefined
  const payload = bytes.subarray(HEADER_BYTES, payloadEnd)
  const type = flags & 0x3f
  const isProtected = (flags & (ENCRYPTED | AUTHENTICATED)) === (ENCRYPTED | AUTHENTICATED)
  if (keys === undefined) return isProtected ? undefined : { type, sessionId, payload }
  if (!isProtected || !isGenuine(keys, bytes)) return undefined
  const message = decrypt(keys.cipher, payload)
  return message === undefined ? undefined : { type, sessionId, payload: message }
}

function isGenuine(keys: SessionKeys, bytes: Buffer): boolean {
  const codeAt = bytes.length - keys.codeBytes
  if (codeAt <= HEADER_BYTES) return false
  return timingSafeEqual(codeOf(keys, bytes.subarray(RMCP_HEADER.length, codeAt)), bytes.subarray(codeAt))
}

const codeOf = ({ hash, integrity, codeBytes }: SessionKeys, covered: Buffer): Buffer =>
  createHmac(hash, integrity).update(covered).digest().subarray(0, codeBytes)

function sessionHeader(type: number, sessionId: number, sequence: number, length: number): Buffer {
  const header = Buffer.alloc(HEADER_BYTES - RMCP_HEADER.length)
  header[0] = RMCP_PLUS
  header[1] = type
  header.writeUInt32LE(sessionId, 2)
  header.writeUInt32LE(sequence, 6)
  header.writeUInt16LE(length, 10)
  return header
}

function encrypt(key: Buffer, message: Buffer): Buffer {
  const padding = (16 - ((message.length + 1) % 16)) % 16
  const trailer = Buffer.from([...Array.from({ length: padding }, (_, index) => index + 1), padding])
  const iv = randomBytes(16)
  const cipher = createCipheriv('aes-128-cbc', key, iv).setAutoPadding(false)
  return Buffer.concat([iv, cipher.update(Buffer.concat([message, trailer])), cipher.final()])
}

function decrypt(key: Buffer, payload: Buffer): Buffer | undefined {
  if (payload.length < 32 || payload.length % 16 !== 0) return undefined
  const decipher = createDecipheriv('aes-128-cbc', key, payload.subarray(0, 16)).setAutoPadding(false)
  const padded = Buffer.concat([decipher.update(payload.subarray(16)), decipher.final()])
  const end = padded.length - 1 - padded[padded.length - 1]!
  return end < 0 ? undefined : padded.subarray(0, end)
}

/** A command to the controller. */
export interface IpmiCommand {
  readonly netFn: number
  readonly command: number
  readonly data: Buffer
}

/** Our address and the controller's. */
const CONTROLLER = 0x20
const CONSOLE = 0x81

/** The message of a command. `sequence`: 0 to 63, distinguishes answers. */
export function requestMessage({ netFn, command, data }: IpmiCommand, sequence: number): Buffer {
  const head = Buffer.from([CONTROLLER, netFn << 2])
  const body = Buffer.concat([Buffer.from([CONSOLE, sequence << 2, command]), data])
  return Buffer.concat([head, checksum(head), body, checksum(body)])
}

/** An answer: its completion code (0: done) and data. */
export interface IpmiAnswer {
  readonly code: number
  readonly data: Buffer
}

/** The answer to that command; undefined for another message. */
export function answerTo(
  message: Buffer,
  { netFn, command }: IpmiCommand,
  sequence: number,
): IpmiAnswer | undefined {
  if (message.length < 8) return undefined
  const isAnswer = message[1]! >> 2 === netFn + 1 && message[4]! >> 2 === sequence && message[5] === command
  return isAnswer ? { code: message[6]!, data: message.subarray(7, message.length - 1) } : undefined
}

function checksum(bytes: Buffer): Buffer {
  return Buffer.from([-bytes.reduce((sum, byte) => sum + byte, 0) & 0xff])
}
