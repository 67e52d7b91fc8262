// The receiver with everything before the log: decoding, columns, Arrow, zstd. The log accepts every record at once and
// discards it. Prints its ports: HTTP, gRPC.
import { createOtlpGrpcReceiver } from '../../../collector/grpc/receiver.ts'
import { createOtlpHttpReceiver } from '../../../collector/http/receiver.ts'
import { createIntake } from '../../../collector/intake/intake.ts'
import { decodeLogs } from '../../../collector/otlp/decode/logs.ts'
import { decodeMetrics } from '../../../collector/otlp/decode/metrics.ts'
import { decodeTraces } from '../../../collector/otlp/decode/traces.ts'
import { createRecogniser } from '../../../collector/readings/recogniser.ts'
import { configSchema } from '../../../core/catalogue/config/schema.ts'
import { silentEvents } from '../../../core/catalogue/events/events.ts'
import { relaxHeap } from '../../../core/runtime/heap.ts'

const config = configSchema.parse({})
// As with Kafka, which this replaces.
relaxHeap('kafka')
const events = silentEvents
const intake = createIntake({
  broker: {
    append: async () => ({ partition: 0, offset: 0n }),
    partitions: () => 6,
    ping: async () => {},
  },
  config,
  events,
  decoders: { traces: decodeTraces, metrics: decodeMetrics, logs: decodeLogs },
  recogniser: createRecogniser(),
})
const options = { host: '127.0.0.1', port: 0, limits: config.limits, intake, events }
const receivers = [createOtlpHttpReceiver(options), createOtlpGrpcReceiver(options)]
for (const receiver of receivers) await receiver.start()
process.stdout.write(`${receivers.map(receiver => receiver.address().port).join(' ')}\n`)
process.once('SIGTERM', () => process.exit(0))
