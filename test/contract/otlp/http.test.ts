/** OTLP over HTTP/1.1 fulfils the contract of receivers. */
import { createOtlpHttpReceiver } from '../../../collector/http/receiver.ts'
import { read, readStatus } from '../../collector/http/answers.ts'
import { RawClient, type RawReply } from '../../collector/http/http-rig.ts'
import { type ExportRequest, type Outcome, receiverContract } from './contract.ts'

const MAY_RETRY = [429, 502, 503, 504]

function outcomeOf({ status, headers, body }: RawReply): Outcome {
  if (status === 200) {
    const { partialSuccess } = read('Response', body) as {
      partialSuccess?: { rejected?: number; errorMessage?: string }
    }
    return {
      kind: 'accepted',
      rejected: partialSuccess?.rejected ?? 0,
      message: partialSuccess?.errorMessage ?? '',
    }
  }
  const { message, violation } = readStatus(body)
  const after = headers.get('retry-after')
  return {
    kind: 'refused',
    message,
    mayRetry: MAY_RETRY.includes(status),
    retrySeconds: after === undefined ? undefined : Number(after),
    violation,
  }
}

receiverContract('HTTP', async ({ intake, events, config }, { access, requestMs, drainMs }) => {
  const receiver = createOtlpHttpReceiver({
    host: '127.0.0.1',
    port: 0,
    limits: config.limits,
    intake,
    events,
    ...(access === undefined ? {} : { access }),
    timeouts: {
      ...(requestMs === undefined ? {} : { requestMs }),
      ...(drainMs === undefined ? {} : { drainMs }),
    },
  })
  await receiver.start()
  const { port } = receiver.address()
  const outcome = async (client: RawClient): Promise<Outcome> => {
    try {
      return outcomeOf(await client.reply())
    } catch {
      return { kind: 'gone' }
    } finally {
      client.socket.destroy()
    }
  }
  const headersOf = ({ coding, headers }: Partial<ExportRequest>): Record<string, string> => ({
    'content-type': 'application/x-protobuf',
    ...(coding === undefined || coding === 'identity' ? {} : { 'content-encoding': coding }),
    ...headers,
  })
  return {
    send(request) {
      const client = new RawClient(port)
      client.post(`/v1/${request.signal}`, headersOf(request), request.body)
      return outcome(client)
    },
    begin(signal, announcedBytes, sent) {
      const client = new RawClient(port)
      client.post(`/v1/${signal}`, { ...headersOf({}), 'content-length': String(announcedBytes) }, sent)
      return { outcome: outcome(client), hangUp: () => client.socket.destroy() }
    },
    stop: () => receiver.stop(),
  }
})
