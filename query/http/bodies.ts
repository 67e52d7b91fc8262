import type { FastifyInstance, FastifyRequest } from 'fastify'
import { WattlineError } from '../../core/catalogue/errors/errors.ts'
import { bodyCodings, CONTENT_CODINGS, decoded } from '../codings/content-codings.ts'

declare module 'fastify' {
  interface FastifyContextConfig {
    /** The body as bytes or text, without its content codings; default: JSON below `/api/`, text elsewhere. */
    body?: 'bytes' | 'text'
  }
}

/** Accepts every media type, in every coding of content-codings.ts. */
export function readBodies(app: FastifyInstance, maxBytes: number): void {
  app.removeAllContentTypeParsers()
  app.addContentTypeParser('*', { parseAs: 'buffer' }, async (request: FastifyRequest, body: Buffer) => {
    const plain = plainBody(request, body, maxBytes)
    if (request.routeOptions.config.body === 'bytes') return plain
    const text = new TextDecoder().decode(plain)
    if (request.routeOptions.config.body === 'text' || !request.url.startsWith('/api/')) return text
    try {
      return JSON.parse(text) as unknown
    } catch (error) {
      throw new WattlineError('parameter_invalid', 'The body is not JSON.', { cause: error })
    }
  })
}

function plainBody(request: FastifyRequest, body: Buffer, maxBytes: number): Uint8Array {
  const header = request.headers['content-encoding']
  const codings = bodyCodings(header)
  if (codings === null) {
    throw new WattlineError(
      'media_type_unsupported',
      `Content-Encoding ${(header ?? '').slice(0, 100)} is not supported. Use ${CONTENT_CODINGS.join(', ')}, or none.`,
    )
  }
  let plain: Uint8Array = body
  for (const coding of codings) {
    try {
      plain = decoded(coding, plain, maxBytes)
    } catch (error) {
      throw new WattlineError(
        'body_undecodable',
        `The body is not valid ${coding}, or larger than ${maxBytes} bytes when decompressed.`,
        { cause: error },
      )
    }
  }
  return plain
}
