/** OTLP over gRPC fulfils the contract of receivers. */
import { createOtlpGrpcReceiver } from '../../../collector/grpc/receiver.ts'
import { framed, GrpcClient, type GrpcReply, METHODS } from '../../collector/grpc/grpc-rig.ts'
import { read } from '../../collector/http/answers.ts'
import { type Outcome, receiverContract } from './contract.ts'

const RESOURCE_EXHAUSTED = 8
/** CANCELLED, DEADLINE_EXCEEDED, ABORTED, OUT_OF_RANGE, UNAVAILABLE, DATA_LOSS. */
const MAY_RETRY = [1, 4, 10, 11, 14, 15]

function outcomeOf({ status, body, details }: GrpcReply): Outcome {
  if (status === undefined) return { kind: 'gone' }
  if (status === 0) {
    const { partialSuccess } = read('Response', body!) as {
      partialSuccess?: { rejected?: number; errorMessage?: string }
    }
    return {
      kind: 'accepted',
      rejected: partialSuccess?.rejected ?? 0,
      message: partialSuccess?.errorMessage ?? '',
    }
  }
  const { message = '', violation, retrySeconds } = details ?? {}
  return {
    kind: 'refused',
    message,
    mayRetry: MAY_RETRY.includes(status) || (status === RESOURCE_EXHAUSTED && retrySeconds !== undefined),
    retrySeconds,
    violation,
  }
}

receiverContract('gRPC', async ({ intake, events, config }, { access, requestMs, drainMs }) => {
  const receiver = createOtlpGrpcReceiver({
    host: '127.0.0.1',
    port: 0,
    limits: config.limits,
    intake,
    events,
    ...(access === undefined ? {} : { access }),
    timeouts: {
      ...(requestMs === undefined ? {} : { messageMs: requestMs }),
      ...(drainMs === undefined ? {} : { drainMs }),
    },
  })
  await receiver.start()
  const { port } = receiver.address()
  return {
    async send({ signal, body, coding = 'identity', headers = {} }) {
      const client = new GrpcClient(port)
      const isPlain = coding === 'identity'
      const named = isPlain ? {} : { 'grpc-encoding': coding }
      const reply = await client.call(METHODS[signal], framed(body, isPlain ? 0 : 1), {
        ...named,
        ...headers,
      })
      client.end()
      return outcomeOf(reply)
    },
    begin(signal, announcedBytes, sent) {
      const client = new GrpcClient(port)
      const call = client.open(METHODS[signal])
      call.stream.write(framed(sent, 0, announcedBytes))
      return { outcome: call.reply.then(outcomeOf), hangUp: () => client.end() }
    },
    stop: () => receiver.stop(),
  }
})
