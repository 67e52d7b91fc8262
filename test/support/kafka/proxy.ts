import { once } from 'node:events'
import { createServer, type Server, Socket } from 'node:net'

/** A TCP proxy in front of a broker that can drop its answers and close connections. */
export interface KafkaProxy {
  readonly port: number
  /**
   * Drops the broker's answers for this long, then closes every connection: the requests took place without
   * acknowledgement.
   */
  swallow(ms: number): Promise<void>
  /** The same from the next request of this kind on: it takes place, and its answer is the first that is lost. */
  swallowAfter(apiKey: number, ms: number): Promise<void>
  /**
   * Blocks everything from the next request of this kind on, until `cut`: `before`, the request itself is lost;
   * `after`, it takes place and its answer is lost. Resolves when it has arrived, or with false if it has not in time.
   */
  blockAt(apiKey: number, when: 'before' | 'after', timeoutMs: number): Promise<boolean>
  /** Holds everything back for this long, both ways, and closes nothing: a hanging network. */
  hold(ms: number): Promise<void>
  /** Closes every connection. */
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
