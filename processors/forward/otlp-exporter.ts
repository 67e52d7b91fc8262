/**
 * To any OTLP receiver over HTTP, protobuf. At least once: OTLP has no place where a request could say that it was sent
 * before, so what is sent again because an answer was lost may be there twice.
 */
import { promisify } from 'node:util'
import { gzip } from 'node:zlib'
import { WattlineError } from '../../core/catalogue/errors/errors.ts'
import type { Events } from '../../core/catalogue/events/events.ts'
import { checkAnswer } from './answer.ts'
import type { Exporter } from './exporter.ts'
import type { HttpClient, HttpReply } from './http-client.ts'
import { rejectedItems } from './otlp/partial-success.ts'
import { type OtlpRequest, requestsOf } from './otlp/requests.ts'

const compress = promisify(gzip)

/** An exporter for any OTLP receiver. Resending after a lost answer can store a record twice there. */
export function createOtlpExporter(options: {
  readonly http: HttpClient
  readonly compression: 'gzip' | 'none'
  readonly events: Events
  readonly now: () => number
}): Exporter {
  const { http, events, now } = options
  const sendOne = async (stream: string, { path, body }: OtlpRequest, signal: AbortSignal): Promise<void> => {
    const isZipped = options.compression === 'gzip'
    const bytes = isZipped ? await compress(body) : body
    const headers = {
      'content-type': 'application/x-protobuf',
      ...(isZipped ? { 'content-encoding': 'gzip' } : {}),
    }
    const reply = await http.post(path, headers, bytes, signal)
    checkAnswer(path, reply, now())
    checkMedia(path, reply)
    events.emit('bytesForwarded', { stream, amount: bytes.length })
    const { rejected, message } = rejectedItems(reply.body)
    if (rejected > 0) events.emit('itemsForwardRejected', { stream, amount: rejected, message })
  }
  return {
    takes: () => true,
    // One by one: what is sent again after a lost answer is a record, not a gathering of them.
    fits: () => false,
    async send({ stream, records }, signal) {
      const onLeftOut = (reason: string, amount: number): void =>
        events.emit('readingsNotForwarded', { reason, amount })
      for (const { view } of records) {
        for (const request of requestsOf(stream, view, onLeftOut)) {
          await sendOne(stream.name, request, signal)
        }
      }
    },
    close: () => http.close(),
  }
}

/** A login page of some network on the way also answers 200. */
function checkMedia(path: string, { headers, body }: HttpReply): void {
  const media = headers['content-type'] ?? ''
  if (body.length === 0 || /^application\/(x-protobuf|json|octet-stream)/.test(media)) return
  throw new WattlineError(
    'uplink_unavailable',
    `${path} answered with ${media || 'no media type'}, which is not OTLP.`,
  )
}
