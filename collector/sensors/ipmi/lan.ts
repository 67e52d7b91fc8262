/** IPMI over the network (lanplus): one UDP socket and one session a controller, which is kept between readings. */
import { createSocket, type Socket } from 'node:dgram'
import { lookup } from 'node:dns/promises'
import { setTimeout as wait } from 'node:timers/promises'
import { type ControlledHost, type Controller, ControllerError } from '../host/controller.ts'
import { type Login, type OpenSession, openSession, PRIVILEGES, SuiteRefused } from './handshake.ts'
import {
  answerTo,
  type IpmiAnswer,
  type IpmiCommand,
  openPacket,
  PAYLOAD,
  plainPacket,
  requestMessage,
  sealedPacket,
} from './packets.ts'
import { MachinePower } from './power.ts'

interface LanOptions {
  readonly address: string
  readonly port: number
  readonly host: ControlledHost
  readonly login: Omit<Login, 'suite'>
  /** Cipher suites to try, in this order. */
  readonly suites: readonly (3 | 17)[]
  /** Whether to keep the session until the next reading: controllers end idle ones after a minute. */
  readonly keepsSession: boolean
}

/** A datagram may be lost: it is sent again after this time, until the reading's own timeout. */
const RESEND_MS = 1000
/** A session that does not answer for this long is opened again within the same reading. */
const KEPT_MS = 2500
const APP = 0x06
const SET_PRIVILEGE = 0x3b
const CLOSE_SESSION = 0x3c

/** A controller that is asked for the power of its machine on UDP port 623. */
export function lanController(options: LanOptions): Controller {
  const { address, port, host, keepsSession } = options
  const name = `ipmi://${address}:${port}`
  let line: LanLine | undefined
  const end = async (signal: AbortSignal): Promise<void> => {
    const ended = line
    line = undefined
    await ended?.close(signal)
  }
  const power = new MachinePower()
  const ask = async (by: LanLine, signal: AbortSignal): Promise<bigint> => {
    await by.raise(options.login.privilege, signal)
    return await power.read(command => by.command(command, signal))
  }
  /** By the session of the last reading; undefined if there is none, or it no longer answers: it may have ended. */
  const kept = async (signal: AbortSignal): Promise<bigint | undefined> => {
    if (line === undefined) return undefined
    try {
      return await ask(line, AbortSignal.any([signal, AbortSignal.timeout(KEPT_MS)]))
    } catch (error) {
      if (error instanceof ControllerError || signal.aborted) throw error
      line.abandon()
      line = undefined
      return undefined
    }
  }
  const opened = async (signal: AbortSignal): Promise<bigint> => {
    line = await LanLine.open(options, signal)
    return await ask(line, signal)
  }
  return {
    name,
    source: 'ipmi',
    async read(signal) {
      try {
        const milliwatts = (await kept(signal)) ?? (await opened(signal))
        if (!keepsSession) await end(signal)
        return [{ host, milliwatts }]
      } catch (error) {
        line?.abandon()
        line = undefined
        if (error instanceof ControllerError) throw error
        const reason = signal.aborted
          ? 'did not answer in time'
          : `cannot be asked: ${(error as Error).message}`
        throw new ControllerError(
          'unreachable',
          `${name} ${reason}. Check that IPMI over LAN is enabled and UDP port ${port} is open.`,
          { cause: error },
        )
      }
    },
    close: end,
  }
}

/** A session over its own socket. */
class LanLine {
  readonly #socket: Socket
  readonly #session: OpenSession
  #sequence = 0
  #message = 0
  #privilege: Login['privilege'] = 'user'

  private constructor(socket: Socket, session: OpenSession) {
    this.#socket = socket
    this.#session = session
  }

  /** Tries the cipher suites in turn. */
  static async open(options: LanOptions, signal: AbortSignal): Promise<LanLine> {
    const socket = await connect(options.address, options.port)
    try {
      for (const [index, suite] of options.suites.entries()) {
        try {
          const session = await openSession({ ...options.login, suite }, (type, payload, answerType) =>
            exchange(
              socket,
              signal,
              () => plainPacket(type, payload),
              bytes => {
                const packet = openPacket(bytes)
                return packet?.type === answerType ? packet.payload : undefined
              },
            ),
          )
          return new LanLine(socket, session)
        } catch (error) {
          if (!(error instanceof SuiteRefused) || index === options.suites.length - 1) throw error
        }
      }
      throw new ControllerError('invalid', 'No cipher suite is configured.')
    } catch (error) {
      socket.close()
      throw error
    }
  }

  async command(command: IpmiCommand, signal: AbortSignal): Promise<IpmiAnswer> {
    const { controllerId, consoleId, keys } = this.#session
    const sequence = this.#message % 64
    this.#message += 1
    const message = requestMessage(command, sequence)
    // A repetition has a number of its own: the controller would drop the first one's, also if its answer was lost.
    const packet = (): Buffer => {
      this.#sequence += 1
      return sealedPacket(keys, { sessionId: controllerId, sequence: this.#sequence }, message)
    }
    return await exchange(this.#socket, signal, packet, bytes => {
      const opened = openPacket(bytes, keys)
      if (opened?.type !== PAYLOAD.ipmi || opened.sessionId !== consoleId) return undefined
      return answerTo(opened.payload, command, sequence)
    })
  }

  /** A session begins with the privilege of a user, whatever it may have; once is enough. */
  async raise(privilege: Login['privilege'], signal: AbortSignal): Promise<void> {
    if (privilege === this.#privilege) return
    const data = Buffer.from([PRIVILEGES[privilege]])
    const { code } = await this.command({ netFn: APP, command: SET_PRIVILEGE, data }, signal)
    if (code !== 0) {
      throw new ControllerError(
        'credentials',
        `The user may not have privilege ${privilege} (completion code 0x${code.toString(16)}). Set a lower one, or give the user more.`,
      )
    }
    this.#privilege = privilege
  }

  /** Controllers have few sessions, so each is closed. */
  async close(signal: AbortSignal): Promise<void> {
    const data = Buffer.alloc(4)
    data.writeUInt32LE(this.#session.controllerId)
    await this.command({ netFn: APP, command: CLOSE_SESSION, data }, signal).catch(() => undefined)
    this.abandon()
  }

  abandon(): void {
    this.#socket.close()
  }
}

async function connect(address: string, port: number): Promise<Socket> {
  const { address: ip, family } = await lookup(address)
  const socket = createSocket(family === 6 ? 'udp6' : 'udp4')
  await new Promise<void>((resolve, reject) => {
    socket.once('error', reject)
    socket.connect(port, ip, () => {
      socket.off('error', reject)
      resolve()
    })
  })
  // A refused port is reported between requests too.
  socket.on('error', () => {})
  return socket
}

/** Sends until an answer is recognised; other datagrams are ignored. */
async function exchange<Answer>(
  socket: Socket,
  signal: AbortSignal,
  packet: () => Buffer,
  recognise: (bytes: Buffer) => Answer | undefined,
): Promise<Answer> {
  signal.throwIfAborted()
  const done = new AbortController()
  try {
    return await new Promise<Answer>((resolve, reject) => {
      const stop = (): void => reject(signal.reason as Error)
      signal.addEventListener('abort', stop, { once: true })
      const onMessage = (bytes: Buffer): void => {
        const answer = recognise(bytes)
        if (answer !== undefined) resolve(answer)
      }
      socket.on('message', onMessage)
      socket.once('error', reject)
      done.signal.addEventListener('abort', () => {
        signal.removeEventListener('abort', stop)
        socket.off('message', onMessage)
        socket.off('error', reject)
      })
      void resend(socket, packet, done.signal)
    })
  } finally {
    done.abort()
  }
}

async function resend(socket: Socket, packet: () => Buffer, done: AbortSignal): Promise<void> {
  while (!done.aborted) {
    socket.send(packet(), () => {})
    await wait(RESEND_MS, undefined, { signal: done }).catch(() => undefined)
  }
}
