/**
 * Sits between a sender of remote write and Wattline, one request at a time: keeps each request, read by independent
 * decoders, with its answer.
 */
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { uncompress } from 'snappyjs'
import { RAW_WRITE_TYPES } from '../support/remote-write.ts'
import type { WriteMessage } from './write-rows.ts'

export interface TeedWrite {
  readonly version: 1 | 2
  readonly message: WriteMessage
  readonly status: number
  /** Of the answer. */
  readonly headers: Headers
}

export interface WriteTee {
  readonly url: string
  /** In the order in which they were stored. */
  readonly writes: readonly TeedWrite[]
  close(): void
}

export async function startWriteTee(otlp: string): Promise<WriteTee> {
  const writes: TeedWrite[] = []
  let last: Promise<unknown> = Promise.resolve()
  const server = createServer((request, response) => {
    const chunks: Buffer[] = []
    request.on('data', (chunk: Buffer) => chunks.push(chunk))
    request.on('end', () => {
      const sent = Object.entries(request.headers).filter(([name]) => PASSED.test(name)) as [string, string][]
      last = last.then(() =>
        pass(sent, Buffer.concat(chunks)).then(
          ({ status, headers, text }) => response.writeHead(status, Object.fromEntries(headers)).end(text),
          () => response.writeHead(502).end(),
        ),
      )
    })
  })
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/api/v1/write`,
    writes,
    close: () => {
      server.close()
      server.closeAllConnections()
    },
  }

  async function pass(sent: readonly (readonly [string, string])[], body: Buffer) {
    const headers = Object.fromEntries(sent)
    const version = headers['content-type']?.includes('io.prometheus.write.v2.Request') === true ? 2 : 1
    const reply = await fetch(`${otlp}/api/v1/write`, {
      method: 'POST',
      headers,
      body: Uint8Array.from(body),
    })
    writes.push({ version, message: decode(version, body), status: reply.status, headers: reply.headers })
    const told = [...reply.headers].filter(([name]) => PASSED.test(name) || name === 'retry-after')
    return { status: reply.status, headers: told, text: await reply.text() }
  }
}

const PASSED = /^(content-(type|encoding)|x-prometheus-.*|user-agent)$/

function decode(version: 1 | 2, body: Uint8Array): WriteMessage {
  const type = RAW_WRITE_TYPES[version]
  const options = { arrays: true, defaults: true, longs: String }
  return type.toObject(type.decode(uncompress(Uint8Array.from(body))), options) as WriteMessage
}
