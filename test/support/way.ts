import { once } from 'node:events'
import { type AddressInfo, createServer, Socket } from 'node:net'

/**
 * pass: no effect. refuse: connections are reset. swallow: requests arrive, answers do not. hang: nothing passes and
 * nothing is closed, as on a dead line.
 */
export type WayMode = 'pass' | 'refuse' | 'swallow' | 'hang'

/** A TCP connection to a process that can be interrupted, and lead to another process later. */
export interface Way {
  readonly url: string
  /** Changes what passes from now on; open connections are closed when they may pass again. */
  set(mode: WayMode): void
  /** Its target from now on: an address such as `http://127.0.0.1:4318`. */
  leadTo(url: string): void
  close(): Promise<void>
}

export async function openWay(): Promise<Way> {
  const sockets = new Set<Socket>()
  let mode: WayMode = 'refuse'
  let target = 0
  const server = createServer(client => {
    if (mode === 'refuse') {
      client.resetAndDestroy()
      return
    }
    const far = new Socket().connect(target, '127.0.0.1')
    for (const socket of [client, far]) {
      sockets.add(socket)
      socket.on('error', () => {})
      socket.on('close', () => {
        sockets.delete(socket)
        client.destroy()
        far.destroy()
      })
    }
    client.on('data', bytes => {
      if (mode !== 'hang') far.write(bytes)
    })
    far.on('data', bytes => {
      if (mode === 'pass') client.write(bytes)
    })
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const cut = (): void => {
    for (const socket of sockets) socket.destroy()
  }
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    set(next) {
      mode = next
      if (next === 'pass' || next === 'refuse') cut()
    },
    leadTo(url) {
      target = Number(new URL(url).port)
    },
    close: async () => {
      cut()
      await new Promise(resolve => server.close(resolve))
    },
  }
}
