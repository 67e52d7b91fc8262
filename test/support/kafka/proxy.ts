import { once } from 'node:events'
import { createServer, type Server, Socket } from 'node:net'

/** A TCP proxy in front of a broker that can swallow its answers and cut connections. */
export interface KafkaProxy {
  readonly port: number
  /** Drops what the broker answers for so long, then cuts every connection: what was asked took place, unacknowledged. */
  swallow(ms: number): Promise<void>
  /** The same from the next request of this kind on: it takes place, its answer is the first that is lost. */
  swallowAfter(apiKey: number, ms: number): Promise<void>
  /**
   * Nothing passes any more from the next request of this kind on, until `cut`: `before`, the request itself is lost;
   * `after`, it takes place and its answer is lost. Resolves when it has come, or with false when it has not in time.
   */
  blockAt(apiKey: number, when: 'before' | 'after', timeoutMs: number): Promise<boolean>
  /** Keeps everything back for so long, both ways, and cuts nothing: a network that hangs. */
  hold(ms: number): Promise<void>
  /** Cuts every connection. */
  cut(): void
  close(): Promise<void>
}

export interface KafkaProxyOptions {
  readonly port: number
  readonly target: number
}

export async function startProxy({ port, target }: KafkaProxyOptions): Promise<KafkaProxy> {
  const sockets = new Set<Socket>()
  let swallowing = false
  let losing = false
  let holding = false
  let onRequest = (_apiKey: number): void => {}
  const server = createServer(client => {
    const broker = new Socket().connect(target, '127.0.0.1')
    for (const socket of [client, broker]) {
      sockets.add(socket)
      socket.setNoDelay(true)
      socket.on('error', () => {})
      socket.on('close', () => {
        sockets.delete(socket)
        client.destroy()
        broker.destroy()
      })
    }
    client.on('data', bytes => {
      // A request begins with its length and its kind; ours are written one by one.
      if (bytes.length > 6) onRequest(bytes.readInt16BE(4))
      if (!losing) broker.write(bytes)
    })
    if (holding) for (const socket of [client, broker]) socket.pause()
    broker.on('data', bytes => {
      if (!swallowing) client.write(bytes)
    })
  })
  await listen(server, port)
  const cut = (): void => {
    for (const socket of sockets) socket.destroy()
    swallowing = false
    losing = false
  }
  const swallow = async (ms: number): Promise<void> => {
    swallowing = true
    await new Promise(resolve => setTimeout(resolve, ms))
    cut()
    swallowing = false
  }
  return {
    port,
    cut,
    swallow,
    swallowAfter: (apiKey, ms) =>
      new Promise(resolve => {
        onRequest = found => {
          if (found !== apiKey) return
          onRequest = () => {}
          resolve(swallow(ms))
        }
      }),
    blockAt: (apiKey, when, timeoutMs) =>
      new Promise(resolve => {
        const timer = setTimeout(() => {
          onRequest = () => {}
          resolve(false)
        }, timeoutMs)
        onRequest = found => {
          if (found !== apiKey) return
          onRequest = () => {}
          clearTimeout(timer)
          swallowing = true
          losing = when === 'before'
          resolve(true)
        }
      }),
    hold: async ms => {
      holding = true
      for (const socket of sockets) socket.pause()
      await new Promise(resolve => setTimeout(resolve, ms))
      holding = false
      for (const socket of sockets) socket.resume()
    },
    close: async () => {
      cut()
      await new Promise(resolve => server.close(resolve))
    },
  }
}

async function listen(server: Server, port: number): Promise<void> {
  server.listen(port, '127.0.0.1')
  await once(server, 'listening')
}
