/**
 * Servers that answer every request with the same bytes, one for each protocol: what is measured of them is the protocol in Node, the
 * load generator and the machine.
 *
 *   node test/bench/doors/control.ts FOLDER
 *
 * The folder has `cert`, `key` and `ca`. Prints the ports as JSON, and ends with its parent.
 */
import { readFileSync } from 'node:fs'
import { createServer as createHttpServer, type RequestListener } from 'node:http'
import { createServer as createHttp2Server } from 'node:http2'
import { createServer as createHttpsServer } from 'node:https'
import type { AddressInfo, Server } from 'node:net'
import { join } from 'node:path'

const BODY = JSON.stringify({ text: 'x'.repeat(500) })
/** GetMetricsResponse{metricValues{metricName, metricValue, metricValueFloat}} */
const MESSAGE = Buffer.from('0a1e0a11776174746c696e655f7265706c696361731004190000000000001040', 'hex')

const folder = process.argv[2] ?? ''
const file = (name: string): Buffer => readFileSync(join(folder, name))

const respond: RequestListener = (request, response) => {
  request.resume()
  response.writeHead(200, { 'content-type': 'application/json' }).end(BODY)
}

// As much memory as the product gives a connection: KEDA makes all calls on one.
const grpc = createHttp2Server({ maxSessionMemory: 32 })
grpc.on('stream', stream => {
  stream.on('error', () => {})
  stream.resume()
  stream.on('end', () => {
    stream.respond({ ':status': 200, 'content-type': 'application/grpc' }, { waitForTrailers: true })
    stream.once('wantTrailers', () => stream.sendTrailers({ 'grpc-status': '0' }))
    const head = Buffer.alloc(5)
    head.writeUInt32BE(MESSAGE.length, 1)
    stream.end(Buffer.concat([head, MESSAGE]))
  })
})

const portOf = (server: Server): Promise<number> =>
  new Promise(resolve => server.listen(0, '127.0.0.1', () => resolve((server.address() as AddressInfo).port)))

const http = await portOf(createHttpServer(respond))
const https = await portOf(
  createHttpsServer(
    { cert: file('cert'), key: file('key'), ca: file('ca'), requestCert: true, rejectUnauthorized: true },
    respond,
  ),
)
process.stdout.write(`${JSON.stringify({ http, https, grpc: await portOf(grpc) })}\n`)
process.stdin.on('end', () => process.exit(0)).resume()
