/** A netlink socket by functions of the C library, which Node.js does not offer. Never waits. */
import { createRequire } from 'node:module'

/** An open socket. */
export interface NetlinkSocket {
  /** @throws NetlinkError */
  send(message: Buffer): void
  /**
   * The next datagram, valid until the next call; null: none now.
   * @throws NetlinkError, with ENOBUFS when datagrams were lost
   */
  receive(): Buffer | null
  close(): void
}

/** What the kernel answered instead. */
export class NetlinkError extends Error {
  readonly errno: number

  constructor(call: string, errno: number) {
    super(`${call} failed with error ${errno}`)
    this.errno = errno
  }
}

/** Error numbers of Linux. */
export const ERRNO = { EPERM: 1, ENOENT: 2, EAGAIN: 11, EINVAL: 22, ENOBUFS: 105 } as const

const AF_NETLINK = 16
const NETLINK_GENERIC = 16
const SOCK_RAW_CLOEXEC = 3 | 0x80000
const SOL_SOCKET = 1
const SO_RCVBUFFORCE = 33
const MSG_DONTWAIT = 0x40
/** `struct sockaddr_nl`: a port that the kernel chooses, no group. */
const ADDRESS_BYTES = 12
const DATAGRAM_BYTES = 16 * 1024

/**
 * Opens one. Loading the library for foreign functions takes some milliseconds and megabytes, so only who may use the
 * socket should open one.
 * @param bufferBytes what the kernel keeps until it is received
 * @throws Error where it cannot be opened
 */
export function openNetlink(bufferBytes: number): NetlinkSocket {
  const koffi = createRequire(import.meta.url)('koffi') as typeof import('koffi').default
  const library = koffi.load(null)
  const call = (name: string, result: string, parameters: string[]) => {
    const found = library.func(name, result, parameters) as unknown as (...args: unknown[]) => number
    return (...args: unknown[]): number => {
      const value = Number(found(...args))
      if (value < 0) throw new NetlinkError(name, koffi.errno())
      return value
    }
  }
  const socket = call('socket', 'int', ['int', 'int', 'int'])
  const bind = call('bind', 'int', ['int', 'void *', 'uint32_t'])
  const setOption = call('setsockopt', 'int', ['int', 'int', 'int', 'void *', 'uint32_t'])
  const send = call('send', 'int64_t', ['int', 'void *', 'size_t', 'int'])
  const receive = call('recv', 'int64_t', ['int', 'void *', 'size_t', 'int'])
  const close = call('close', 'int', ['int'])

  const descriptor = socket(AF_NETLINK, SOCK_RAW_CLOEXEC, NETLINK_GENERIC)
  const datagram = Buffer.alloc(DATAGRAM_BYTES)
  const address = Buffer.alloc(ADDRESS_BYTES)
  address.writeUInt16LE(AF_NETLINK, 0)
  const size = Buffer.alloc(4)
  size.writeInt32LE(bufferBytes, 0)
  try {
    bind(descriptor, address, ADDRESS_BYTES)
    setOption(descriptor, SOL_SOCKET, SO_RCVBUFFORCE, size, size.length)
  } catch (error) {
    close(descriptor)
    throw error
  }
  return {
    send: message => {
      send(descriptor, message, message.length, 0)
    },
    receive: () => {
      try {
        return datagram.subarray(0, receive(descriptor, datagram, datagram.length, MSG_DONTWAIT))
      } catch (error) {
        if (error instanceof NetlinkError && error.errno === ERRNO.EAGAIN) return null
        throw error
      }
    },
    close: () => {
      close(descriptor)
    },
  }
}
