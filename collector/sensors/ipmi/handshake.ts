/**
 * Opens a session by RAKP (IPMI specification v2.0, 13.17 to 13.24, 13.31 and 13.32): both sides prove that they know
 * the password, and derive keys from it.
 */
import { createHmac, randomBytes, timingSafeEqual } from 'node:crypto'
import { ControllerError } from '../host/controller.ts'
import { PAYLOAD, type SessionKeys } from './packets.ts'

/** Algorithms of a cipher suite; both encrypt with AES-CBC-128. */
interface CipherSuite {
  readonly authentication: number
  readonly integrity: number
  readonly hash: 'sha1' | 'sha256'
  readonly codeBytes: number
}

/** Cipher suites by number: 3 (SHA-1) and 17 (SHA-256). */
export const SUITES: Readonly<Record<3 | 17, CipherSuite>> = {
  3: { authentication: 1, integrity: 1, hash: 'sha1', codeBytes: 12 },
  17: { authentication: 3, integrity: 4, hash: 'sha256', codeBytes: 16 },
}
const AES_CBC_128 = 1

/** Highest privilege that a session may have. */
export const PRIVILEGES = { user: 2, operator: 3, administrator: 4 } as const

/** Who opens the session. */
export interface Login {
  readonly user: string
  readonly password: string
  readonly privilege: keyof typeof PRIVILEGES
  readonly suite: 3 | 17
}

/** Sends a setup payload; resolves with the payload of that type that answers it. */
type ExchangePayload = (type: number, payload: Buffer, answerType: number) => Promise<Buffer>

/** An open session: its id on the controller, its id here, and its keys. */
export interface OpenSession {
  readonly controllerId: number
  readonly consoleId: number
  readonly keys: SessionKeys
}

/** Passwords of IPMI 2.0 have at most 20 bytes and are padded with zeros; user names have at most 16. */
const PASSWORD_BYTES = 20
const USER_BYTES = 16
/** The name alone is looked up, not name and privilege. */
const NAME_ONLY = 0x10
const K1 = Buffer.alloc(20, 1)
const K2 = Buffer.alloc(20, 2)

/** Status codes of session setup (table 13-15) that have a remedy. */
const NO_MATCHING_SUITE: ReadonlySet<number> = new Set([0x04, 0x05, 0x10, 0x11])
const WRONG_CREDENTIALS: ReadonlySet<number> = new Set([0x09, 0x0a, 0x0d, 0x0e, 0x0f])

/** A controller that does not offer the cipher suite: another one may work. */
export class SuiteRefused extends ControllerError {}

/** @throws ControllerError */
export async function openSession(login: Login, exchange: ExchangePayload): Promise<OpenSession> {
  const suite = SUITES[login.suite]
  const user = Buffer.from(login.user, 'utf8')
  const secret = Buffer.from(login.password, 'utf8')
  if (user.length > USER_BYTES || secret.length > PASSWORD_BYTES) {
    throw new ControllerError('credentials', 'IPMI allows user names of 16 bytes and passwords of 20 bytes.')
  }
  const key = Buffer.alloc(PASSWORD_BYTES)
  secret.copy(key)
  const hmac = (by: Buffer, ...parts: Buffer[]): Buffer =>
    createHmac(suite.hash, by).update(Buffer.concat(parts)).digest()

  const consoleId = randomBytes(4).readUInt32LE() | 1
  const ownId = uint32(consoleId >>> 0)
  const privilege = PRIVILEGES[login.privilege]
  const opened = await exchange(
    PAYLOAD.openRequest,
    openRequest(suite, privilege, ownId),
    PAYLOAD.openResponse,
  )
  checkStatus(opened, 36, login)
  const theirId = opened.subarray(8, 12)

  const random = randomBytes(16)
  const role = Buffer.from([NAME_ONLY | privilege])
  const name = Buffer.concat([Buffer.from([user.length]), user])
  const rakp1 = Buffer.concat([Buffer.alloc(4), theirId, random, role, Buffer.alloc(2), name])
  const rakp2 = await exchange(PAYLOAD.rakp1, rakp1, PAYLOAD.rakp2)
  checkStatus(rakp2, 40, login)
  const [theirRandom, guid] = [rakp2.subarray(8, 24), rakp2.subarray(24, 40)]
  const proof = hmac(key, ownId, theirId, random, theirRandom, guid, role, name)
  checkProof(proof, rakp2.subarray(40))

  const sessionKey = hmac(key, random, theirRandom, role, name)
  const code = hmac(key, theirRandom, ownId, role, name)
  const rakp3 = Buffer.concat([Buffer.alloc(4), theirId, code])
  const rakp4 = await exchange(PAYLOAD.rakp3, rakp3, PAYLOAD.rakp4)
  checkStatus(rakp4, 8, login)
  checkProof(hmac(sessionKey, random, theirId, guid).subarray(0, suite.codeBytes), rakp4.subarray(8))
  const keys = {
    hash: suite.hash,
    codeBytes: suite.codeBytes,
    integrity: hmac(sessionKey, K1),
    cipher: hmac(sessionKey, K2).subarray(0, 16),
  }
  return { controllerId: theirId.readUInt32LE(), consoleId: consoleId >>> 0, keys }
}

function openRequest(suite: CipherSuite, privilege: number, ownId: Buffer): Buffer {
  const algorithm = (kind: number, value: number): Buffer => Buffer.from([kind, 0, 0, 8, value, 0, 0, 0])
  return Buffer.concat([
    Buffer.from([0, privilege, 0, 0]),
    ownId,
    algorithm(0, suite.authentication),
    algorithm(1, suite.integrity),
    algorithm(2, AES_CBC_128),
  ])
}

/** `bytes`: what an answer without an error has at least. */
function checkStatus(answer: Buffer, bytes: number, { user, suite }: Login): void {
  const status = answer[1] ?? 0xff
  if (NO_MATCHING_SUITE.has(status)) {
    throw new SuiteRefused('unsupported', `The controller does not offer cipher suite ${suite}.`)
  }
  if (WRONG_CREDENTIALS.has(status)) {
    throw new ControllerError(
      'credentials',
      `The controller refuses user ${user} (status 0x${status.toString(16)}). Check user, password and its privilege on the LAN channel.`,
    )
  }
  if (status === 0x01) {
    throw new ControllerError(
      'unreachable',
      'The controller has no free session. Close others, or wait until they end.',
    )
  }
  if (status !== 0 || answer.length < bytes) {
    throw new ControllerError(
      'invalid',
      `The controller refuses a session (status 0x${status.toString(16)}).`,
    )
  }
}

/** A wrong password shows here first: the controller's proof is not the one that the password gives. */
function checkProof(expected: Buffer, received: Buffer): void {
  if (received.length === expected.length && timingSafeEqual(received, expected)) return
  throw new ControllerError(
    'credentials',
    'The password is not the one that the controller has for this user.',
  )
}

function uint32(value: number): Buffer {
  const bytes = Buffer.alloc(4)
  bytes.writeUInt32LE(value)
  return bytes
}
