// Guarantees: the worked example of docs/walkthrough-watt.md, sent as OTLP, gives exactly those microjoules, micrograms
// and nano-euros in the ledger, over HTTP and over gRPC, also when each sample is sent twice; so does a case that does not
// divide evenly. And the ledger's hours and days sum to the same as its minutes.
import { Client, compressionAlgorithms, credentials, type ServiceError } from '@grpc/grpc-js'
import { expect, it } from 'vitest'
import { METHODS } from '../collector/grpc/grpc-rig.ts'
import { jsonIndependently } from '../collector/otlp/json/json-reference.ts'
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

it('gives the same over gRPC', () => expectWorkedExample(wattline(), 'example-grpc', sendGrpc))
