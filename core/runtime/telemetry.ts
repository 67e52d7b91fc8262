import { type Attributes, type Span, SpanStatusCode, trace } from '@opentelemetry/api'
import { OTLPTraceExporter } from '@opentelemetry/exporter-trace-otlp-http'
import { resourceFromAttributes } from '@opentelemetry/resources'
import {
  BatchSpanProcessor,
  NodeTracerProvider,
  ParentBasedSampler,
  TraceIdRatioBasedSampler,
} from '@opentelemetry/sdk-trace-node'
import { sleep } from './backoff.ts'

const STOP_MS = 2_000

interface Telemetry {
  /** Sends pending spans; the time is limited, since the receiver may be this process. */
  stop(): Promise<void>
}

/**
 * Spans about Wattline itself, sent to an OTLP port like any other: by default its own. Receiving is not traced, so
 * sending spans does not create spans; batches are large and rare, since each costs an insert.
 */
export function startTelemetry(options: {
  readonly url: string
  readonly version: string
  /** service.instance.id: distinguishes this process from others with the same name. */
  readonly instance: string
  readonly sampleRatio: number
  /** Token for the receiver. */
  readonly token?: string
}): Telemetry {
  const exporter = new OTLPTraceExporter({
    url: `${options.url}/v1/traces`,
    timeoutMillis: 5_000,
    ...(options.token === undefined ? {} : { headers: { authorization: `Bearer ${options.token}` } }),
  })
  const provider = new NodeTracerProvider({
    resource: resourceFromAttributes({
      'service.name': 'wattline',
      'service.version': options.version,
      'service.instance.id': options.instance,
    }),
    sampler: new ParentBasedSampler({ root: new TraceIdRatioBasedSampler(options.sampleRatio) }),
    spanProcessors: [
      new BatchSpanProcessor(exporter, {
        scheduledDelayMillis: 15_000,
        maxQueueSize: 4_096,
        maxExportBatchSize: 1_024,
        exportTimeoutMillis: 5_000,
      }),
    ],
  })
  provider.register()
  return {
    stop: async () => {
      // The receiver may refuse at this moment (a full disk): these spans are not worth the whole drain time.
      await Promise.race([provider.shutdown(), sleep(STOP_MS)])
      trace.disable()
    },
  }
}

// The API's proxy: spans are discarded until telemetry has started, and sent afterwards.
const tracer = trace.getTracer('wattline')

/** Runs work inside a span, which ends with it and records its error. */
export async function traced<T>(
  name: string,
  attributes: Attributes,
  work: (span: Span) => Promise<T>,
): Promise<T> {
  return tracer.startActiveSpan(name, { attributes }, async span => {
    try {
      return await work(span)
    } catch (error) {
      span.recordException(error instanceof Error ? error : String(error))
      span.setStatus({ code: SpanStatusCode.ERROR, message: String(error) })
      throw error
    } finally {
      span.end()
    }
  })
}
