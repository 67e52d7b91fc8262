// Guarantees: the worked example of docs/walkthrough-watt.md, sent as OTLP, gives exactly those microjoules, micrograms
// and nano-euros in the ledger, over HTTP and over gRPC, also when each sample is sent twice; so does a case that does
// not divide evenly. The ledger's hours and days sum to the same as its minutes. SQL returns the span of
// docs/walkthrough-span.md as the page shows it.
import { Client, compressionAlgorithms, credentials, type ServiceError } from '@grpc/grpc-js'
import { expect, it } from 'vitest'
import { METHODS } from '../collector/grpc/grpc-rig.ts'
import { jsonIndependently } from '../collector/otlp/json/json-reference.ts'
import { SPAN_PAGE, spanRequest } from '../support/span-page.ts'
import { eventually } from '../support/until.ts'
import { expectWorkedExample, type Send, workedExample } from '../support/worked-example.ts'

const wattline = workedExample()

const asIs = (bytes: Buffer): Buffer => bytes

const sendGrpc: Send = async ({ otlpGrpc }, request) => {
  const body = Buffer.from(jsonIndependently('metrics', JSON.stringify(request)))
  const client = new Client(new URL(otlpGrpc).host, credentials.createInsecure(), {
    'grpc.default_compression_algorithm': compressionAlgorithms.gzip,
  })
  const { promise, resolve } = Promise.withResolvers<[ServiceError | null, Buffer | undefined]>()
  client.makeUnaryRequest(METHODS.metrics, asIs, asIs, body, (error, answer) => resolve([error, answer]))
  expect(await promise).toEqual([null, Buffer.alloc(0)])
  client.close()
}

it('gives the same numbers over gRPC', () => expectWorkedExample(wattline(), 'example-grpc', sendGrpc))

it('stores the span of docs/walkthrough-span.md as the row that the page shows', async () => {
  const sent = await fetch(`${wattline().otlp}/v1/traces`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: spanRequest(Math.floor(Date.now() / 1000)),
  })
  expect([sent.status, await sent.text()]).toEqual([200, '{}'])
  const [, statement = ''] = /```sql\n([\s\S]*?)```/.exec(SPAN_PAGE) ?? []
  const rows = await eventually(
    () => wattline().sql<Readonly<Record<string, unknown>>>(statement),
    found => found.length > 0,
  )
  const [head = '', , ...shown] = [...SPAN_PAGE.matchAll(/^\| ?(ServiceName|shop|---)[^\n]*$/gm)].map(
    ([row]) => row,
  )
  expect(head).not.toBe('')
  expect(rows.map(row => `| ${Object.values(row).join(' | ')} |`)).toEqual(
    shown.filter(row => row.includes('shop')),
  )
})
