// Guarantees: servers of every kind in the collector, plain and with TLS, can share a port; one that does not share it
// learns that it is in use, and so does the check before several processes start, whoever shares the port already.
import { createServer } from 'node:http'
import { createServer as createTlsServer } from 'node:https'
import type { AddressInfo, Server } from 'node:net'
import { afterEach, expect, it } from 'vitest'
import { silentEvents } from '../../../core/catalogue/events/events.ts'
import { checkPortFree } from '../../../core/http/free-port.ts'
import { createHttp2Listener } from '../../../core/http/http2-server.ts'
import { listenError } from '../../../core/http/listen-error.ts'

const HOST = '127.0.0.1'
const open: (() => void)[] = []
afterEach(() => {
  for (const close of open.splice(0)) close()
})

async function listen(server: Server, port: number): Promise<number> {
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject).listen({ host: HOST, port, reusePort: true }, resolve)
  })
  open.push(() => server.close())
  return (server.address() as AddressInfo).port
}

async function listenHttp2(port: number, reusePort: boolean): Promise<number> {
  const listener = createHttp2Listener({ what: 'gRPC', events: silentEvents, onStream: () => {}, reusePort })
  await listener.listen(HOST, port)
  open.push(() => void listener.stop(0))
  return listener.address().port
}

it.each([
  ['HTTP', (port: number) => listen(createServer(), port)],
  ['HTTPS', (port: number) => listen(createTlsServer({}), port)],
  ['HTTP/2', (port: number) => listenHttp2(port, true)],
])('%s shares a port with its like alone', async (_name, start) => {
  const port = await start(0)
  expect(await start(port)).toBe(port)
  const taken = /^address_in_use|is already in use/
  await expect(listenHttp2(port, false)).rejects.toThrow(taken)
  await expect(checkPortFree('OTLP over HTTP', HOST, port)).rejects.toThrow(taken)
})

it('reports a free port as free', async () => {
  const port = await listen(createServer(), 0)
  for (const close of open.splice(0)) close()
  await checkPortFree('OTLP over HTTP', HOST, port)
})

it('gives a remedy if the system cannot share ports', () => {
  const error = Object.assign(new Error('listen ENOTSUP'), { code: 'ENOTSUP' })
  expect(listenError(error, 'OTLP over HTTP', HOST, 4318).toString()).toMatch(
    /^config_invalid: .*set `collector.processes: 1`/,
  )
})
