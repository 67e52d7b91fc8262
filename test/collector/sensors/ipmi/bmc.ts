/**
 * The controller's side of IPMI 2.0 over UDP, written apart from ours and from the tables of the specification: session
 * setup by RAKP with cipher suites 3 and 17, encryption, and the three commands that a reading of power needs.
 */
import { createCipheriv, createDecipheriv, createHmac, randomBytes } from 'node:crypto'
import { createSocket, type RemoteInfo } from 'node:dgram'
import { once } from 'node:events'
import { onTestFinished } from 'vitest'

export interface BmcBehaviour {
  watts: number
  suites: readonly (3 | 17)[]
  password: string
  /** Completion code of Get Power Reading. */
  code: number
  isActive: boolean
  /** Of every so many datagrams, one is not answered; 0: all are. */
  loses: number
  /** Highest privilege of the user. */
  privilege: number
  /** Sensor data records, in order; none: there is no repository. */
  records: readonly Buffer[]
  /** By sensor number: reading and flags (0x40: it is scanned), or a completion code. */
  readings: Readonly<Record<number, readonly [raw: number, flags: number] | number>>
  /** Of every so many parts of records, one is refused because the reservation was cancelled; 0: none. */
  cancels: number
}

interface Session {
  readonly id: number
  readonly consoleId: Buffer
  readonly suite: 3 | 17
  readonly random: Buffer
  consoleRandom: Buffer
  role: number
  name: Buffer
  k1: Buffer
  k2: Buffer
  answers: number
  privilege: number
  seen: Set<number>
}

const GUID = Buffer.from('a123456789abcdefa123456789abcdef', 'hex')
const hashOf = { 3: 'sha1', 17: 'sha256' } as const
const codeBytes = { 3: 12, 17: 16 } as const

export async function startBmc(given: Partial<BmcBehaviour> = {}) {
  const behaviour: BmcBehaviour = {
    watts: 100,
    suites: [3, 17],
    password: 'secret',
    code: 0,
    isActive: true,
    loses: 0,
    privilege: 4,
    records: [],
    readings: {},
    cancels: 0,
    ...given,
  }
  const socket = createSocket('udp4')
  const sessions = new Map<number, Session>()
  let received = 0
  let opened = 0

  const key = (): Buffer => Buffer.concat([Buffer.from(behaviour.password), Buffer.alloc(20)], 20)
  const hmac = (suite: 3 | 17, by: Buffer, ...parts: Buffer[]): Buffer =>
    parts.reduce((one, part) => one.update(part), createHmac(hashOf[suite], by)).digest()
  const id4 = (id: number): Buffer => {
    const bytes = Buffer.alloc(4)
    bytes.writeUInt32LE(id)
    return bytes
  }
  const setup = (type: number, payload: Buffer): Buffer => {
    const length = Buffer.alloc(2)
    length.writeUInt16LE(payload.length)
    return Buffer.concat([Buffer.from([6, 0, 0xff, 7, 6, type]), Buffer.alloc(8), length, payload])
  }

  function open(payload: Buffer): Buffer {
    const consoleId = payload.subarray(4, 8)
    const [authentication, integrity, privacy] = [payload[12], payload[20], payload[28]]
    const suite =
      authentication === 1 && integrity === 1 ? 3 : authentication === 3 && integrity === 4 ? 17 : 0
    if (suite === 0 || privacy !== 1 || !behaviour.suites.includes(suite)) {
      return Buffer.concat([Buffer.from([payload[0]!, 0x11, 0, 0]), consoleId])
    }
    opened += 1
    const id = 0x1000 + opened
    const none = Buffer.alloc(0)
    sessions.set(id, {
      id,
      consoleId,
      suite,
      random: randomBytes(16),
      consoleRandom: none,
      role: 0,
      name: none,
      k1: none,
      k2: none,
      answers: 0,
      privilege: 2,
      seen: new Set(),
    })
    return Buffer.concat([
      Buffer.from([payload[0]!, 0, payload[1]!, 0]),
      consoleId,
      id4(id),
      payload.subarray(8, 32),
    ])
  }

  function rakp1(payload: Buffer): Buffer {
    const session = sessions.get(payload.readUInt32LE(4))!
    session.consoleRandom = payload.subarray(8, 24)
    session.role = payload[24]!
    session.name = payload.subarray(28, 28 + payload[27]!)
    if (session.name.toString() !== 'monitor')
      return Buffer.concat([Buffer.from([payload[0]!, 0x0d, 0, 0]), session.consoleId])
    const proof = hmac(
      session.suite,
      key(),
      session.consoleId,
      id4(session.id),
      session.consoleRandom,
      session.random,
      GUID,
      Buffer.from([session.role, session.name.length]),
      session.name,
    )
    return Buffer.concat([
      Buffer.from([payload[0]!, 0, 0, 0]),
      session.consoleId,
      session.random,
      GUID,
      proof,
    ])
  }

  function rakp3(payload: Buffer): Buffer {
    const session = sessions.get(payload.readUInt32LE(4))!
    const who = Buffer.concat([Buffer.from([session.role, session.name.length]), session.name])
    const wanted = hmac(session.suite, key(), session.random, session.consoleId, who)
    if (!wanted.equals(payload.subarray(8))) {
      return Buffer.concat([Buffer.from([payload[0]!, 0x0f, 0, 0]), session.consoleId])
    }
    const sik = hmac(session.suite, key(), session.consoleRandom, session.random, who)
    session.k1 = hmac(session.suite, sik, Buffer.alloc(20, 1))
    session.k2 = hmac(session.suite, sik, Buffer.alloc(20, 2))
    const check = hmac(session.suite, sik, session.consoleRandom, id4(session.id), GUID)
    return Buffer.concat([
      Buffer.from([payload[0]!, 0, 0, 0]),
      session.consoleId,
      check.subarray(0, codeBytes[session.suite]),
    ])
  }

  function command(bytes: Buffer): Buffer | undefined {
    const session = sessions.get(bytes.readUInt32LE(6))
    if (session === undefined) return undefined
    const sequence = bytes.readUInt32LE(10)
    const at = bytes.length - codeBytes[session.suite]
    const expected = hmac(session.suite, session.k1, bytes.subarray(4, at)).subarray(
      0,
      codeBytes[session.suite],
    )
    if (!expected.equals(bytes.subarray(at)) || session.seen.has(sequence) || sequence === 0) return undefined
    if ((at - 4) % 4 !== 0 || bytes[at - 1] !== 7) return undefined
    session.seen.add(sequence)
    const encrypted = bytes.subarray(16, 16 + bytes.readUInt16LE(14))
    const decipher = createDecipheriv('aes-128-cbc', session.k2.subarray(0, 16), encrypted.subarray(0, 16))
    decipher.setAutoPadding(false)
    const padded = Buffer.concat([decipher.update(encrypted.subarray(16)), decipher.final()])
    const message = padded.subarray(0, padded.length - 1 - padded.at(-1)!)
    const sums = [message.subarray(0, 3), message.subarray(3)].map(
      part => part.reduce((sum, byte) => sum + byte, 0) & 0xff,
    )
    if (sums.some(sum => sum !== 0)) return undefined
    const answer = answerTo(session, message[1]! >> 2, message[5]!, message.subarray(6, message.length - 1))
    return seal(session, message, answer)
  }

  function answerTo(session: Session, netFn: number, code: number, data: Buffer): Buffer {
    if (netFn === 6 && code === 0x3b) {
      if (data[0]! > behaviour.privilege) return Buffer.from([0x81])
      session.privilege = data[0]!
      return Buffer.from([0, data[0]!])
    }
    if (netFn === 6 && code === 0x3c) {
      setImmediate(() => sessions.delete(session.id))
      return Buffer.from([0])
    }
    if (netFn === 0x0a) return repository(code, data)
    if (netFn === 4) return sensor(code, data)
    if (netFn !== 0x2c || code !== 2 || !data.equals(Buffer.from([0xdc, 1, 0, 0]))) return Buffer.from([0xc1])
    if (behaviour.code !== 0) return Buffer.from([behaviour.code])
    const reading = Buffer.alloc(19)
    reading[1] = 0xdc
    reading.writeUInt16LE(behaviour.watts, 2)
    reading[18] = behaviour.isActive ? 0x40 : 0
    return reading
  }

  let reservation = 0
  let parts = 0
  function repository(code: number, data: Buffer): Buffer {
    if (behaviour.records.length === 0) return Buffer.from([0xc1])
    if (code === 0x22) {
      reservation += 1
      return Buffer.from([0, reservation, 0])
    }
    parts += 1
    const [own, , idLow, idHigh, offset = 0, bytes = 0] = data
    const isCancelled = behaviour.cancels > 0 && parts % behaviour.cancels === 0
    if (own !== reservation || isCancelled) return Buffer.from([0xc5])
    if (bytes > 20) return Buffer.from([0xca])
    // The first record is asked for as 0; ids are one more than their places.
    const place = Math.max(0, idLow! + idHigh! * 256 - 1)
    const record = behaviour.records[place]
    if (record === undefined) return Buffer.from([0xcb])
    const next = place + 1 < behaviour.records.length ? place + 2 : 0xffff
    return Buffer.from([0, next & 0xff, next >> 8, ...record.subarray(offset, offset + bytes)])
  }

  function sensor(code: number, [number = 0, raw = 0]: Buffer): Buffer {
    const reading = behaviour.readings[number]
    if (reading === undefined) return Buffer.from([0xcb])
    if (typeof reading === 'number') return Buffer.from([reading])
    // Twice the reading, whatever it is.
    if (code === 0x23) return Buffer.from([0, raw + 1, 2, 0, 0, 0, 0, 0])
    return Buffer.from([0, ...reading, 0xc0])
  }

  function seal(session: Session, request: Buffer, answer: Buffer): Buffer {
    session.answers += 1
    const sum = (part: Buffer): number => -part.reduce((total, byte) => total + byte, 0) & 0xff
    const head = Buffer.from([0x81, ((request[1]! >> 2) + 1) << 2])
    const body = Buffer.concat([Buffer.from([0x20, request[4]!, request[5]!]), answer])
    const message = Buffer.concat([head, Buffer.from([sum(head)]), body, Buffer.from([sum(body)])])
    const pad = (15 - (message.length % 16) + 16) % 16
    const padded = Buffer.concat([
      message,
      Buffer.from(Array.from({ length: pad }, (_, i) => i + 1)),
      Buffer.from([pad]),
    ])
    const iv = randomBytes(16)
    const cipher = createCipheriv('aes-128-cbc', session.k2.subarray(0, 16), iv).setAutoPadding(false)
    const payload = Buffer.concat([iv, cipher.update(padded), cipher.final()])
    const length = Buffer.alloc(2)
    length.writeUInt16LE(payload.length)
    const covered = Buffer.concat([
      Buffer.from([6, 0xc0]),
      session.consoleId,
      id4(session.answers),
      length,
      payload,
      Buffer.from([0xff, 0xff, 2, 7]),
    ])
    const code = hmac(session.suite, session.k1, covered).subarray(0, codeBytes[session.suite])
    return Buffer.concat([Buffer.from([6, 0, 0xff, 7]), covered, code])
  }

  socket.on('message', (bytes: Buffer, from: RemoteInfo) => {
    received += 1
    if (behaviour.loses > 0 && received % behaviour.loses === 0) return
    const payload = bytes.subarray(16)
    const type = bytes[5]!
    const answer =
      type === 0x10
        ? setup(0x11, open(payload))
        : type === 0x12
          ? setup(0x13, rakp1(payload))
          : type === 0x14
            ? setup(0x15, rakp3(payload))
            : command(bytes)
    // Noise first: a client must not stumble over what anybody may send.
    socket.send(Buffer.from('noise'), from.port)
    if (answer !== undefined) socket.send(answer, from.port)
  })
  socket.bind(0, '127.0.0.1')
  await once(socket, 'listening')
  onTestFinished(() => void socket.close())
  return {
    port: socket.address().port,
    behaviour,
    sessions: () => sessions.size,
    opened: () => opened,
    /** As after a restart of the controller. */
    forget: () => sessions.clear(),
  }
}
