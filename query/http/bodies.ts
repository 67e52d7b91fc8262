import { brotliDecompressSync, gunzipSync, inflateSync, zstdDecompressSync } from 'node:zlib'
import type { FastifyInstance, FastifyRequest } from 'fastify'
import { WattlineError } from '../../core/catalogue/errors/errors.ts'

type Decoder = (body: Buffer, options: { readonly maxOutputLength: number }) => Buffer

/** None produces more than it is allowed to, however small the body. */
const DECODERS: Readonly<Record<string, Decoder>> = {
  gzip: gunzipSync,
  deflate: inflateSync,
  br: brotliDecompressSync,
  zstd: zstdDecompressSync,
}

/** ClickHouse clients send the statement under any media type, some of them compressed. */
export function readBodies(app: FastifyInstance, maxBytes: number): void {
  const plain = (request: FastifyRequest, body: Buffer): Buffer => {
    const encoding = (request.headers['content-encoding'] ?? 'identity').trim().toLowerCase()
    if (encoding === 'identity' || encoding === '') return body
    const decode = DECODERS[encoding]
    if (decode === undefined) {
      throw new WattlineError(
        'media_type_unsupported',
        `Content-Encoding ${encoding.slice(0, 100)} is not supported. Use ${Object.keys(DECODERS).join(', ')}, or none.`,
      )
    }
    try {
      return decode(body, { maxOutputLength: maxBytes })
    } catch (error) {
      throw new WattlineError(
        'body_undecodable',
        `The body is not valid ${encoding}, or larger than ${maxBytes} bytes when decompressed.`,
        { cause: error },
      )
    }
  }
  app.removeAllContentTypeParsers()
  app.addContentTypeParser('*', { parseAs: 'buffer' }, async (request: FastifyRequest, body: Buffer) => {
    const text = plain(request, body).toString('utf8')
    if (!request.url.startsWith('/api/')) return text
    try {
      return JSON.parse(text) as unknown
    } catch (error) {
      throw new WattlineError('parameter_invalid', 'The body is not JSON.', { cause: error })
    }
  })
}
