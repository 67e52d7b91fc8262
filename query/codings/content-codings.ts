/** Content codings of HTTP in which the query server reads bodies and writes answers. */
import type { Transform } from 'node:stream'
import {
  brotliDecompressSync,
  constants,
  createBrotliCompress,
  createDeflate,
  createGzip,
  createZstdCompress,
  gunzipSync,
  inflateSync,
  zstdDecompressSync,
} from 'node:zlib'
import { Lz4FrameStream, unframeLz4 } from './lz4-frame.ts'

interface Coding {
  /** Produces no more than `maxBytes`, however small the body. @throws when damaged or larger */
  readonly decode: (body: Uint8Array, maxBytes: number) => Uint8Array
  /** Fast rather than small: answers are made while the client waits. */
  readonly encode: () => Transform
}

/** The cheapest that is still small comes first. */
const CODINGS = {
  zstd: {
    decode: (body, maxOutputLength) => zstdDecompressSync(body, { maxOutputLength }),
    encode: () => createZstdCompress({ params: { [constants.ZSTD_c_compressionLevel]: 1 } }),
  },
  lz4: { decode: unframeLz4, encode: () => new Lz4FrameStream() },
  gzip: {
    decode: (body, maxOutputLength) => gunzipSync(body, { maxOutputLength }),
    encode: () => createGzip({ level: 1 }),
  },
  br: {
    decode: (body, maxOutputLength) => brotliDecompressSync(body, { maxOutputLength }),
    encode: () => createBrotliCompress({ params: { [constants.BROTLI_PARAM_QUALITY]: 1 } }),
  },
  deflate: {
    decode: (body, maxOutputLength) => inflateSync(body, { maxOutputLength }),
    encode: () => createDeflate({ level: 1 }),
  },
} as const satisfies Readonly<Record<string, Coding>>

/** A coding that is read and written. */
export type ContentCoding = keyof typeof CODINGS

/** Their names, the preferred one first. */
export const CONTENT_CODINGS = Object.keys(CODINGS) as readonly ContentCoding[]

/** Codings of one body; more have no use. */
const CODINGS_MAX = 3

const named = (name: string): ContentCoding | undefined => {
  const lower = name.trim().toLowerCase()
  return CONTENT_CODINGS.find(coding => coding === (lower === 'x-gzip' ? 'gzip' : lower))
}

/**
 * The codings of a body, in the order in which they are undone; null: at least one is not supported.
 * @param header value of `Content-Encoding`
 */
export function bodyCodings(header: string | undefined): readonly ContentCoding[] | null {
  const names = (header ?? '')
    .split(',', CODINGS_MAX + 1)
    .map(name => name.trim().toLowerCase())
    .filter(name => name !== '' && name !== 'identity')
  const codings = names.map(named).filter(coding => coding !== undefined)
  return codings.length === names.length && names.length <= CODINGS_MAX ? codings.reverse() : null
}

/** Undoes one coding. @throws when the body is damaged, or larger than `maxBytes` when decoded */
export const decoded = (coding: ContentCoding, body: Uint8Array, maxBytes: number): Uint8Array =>
  CODINGS[coding].decode(body, maxBytes)

/** A stream that applies a coding. */
export const encoder = (coding: ContentCoding): Transform => CODINGS[coding].encode()

/**
 * The coding for an answer; undefined: none.
 * @param header value of `Accept-Encoding`: `gzip;q=0.5, zstd`, in any case; q=0 refuses a coding, `*` accepts all
 */
export function acceptedCoding(header: string | undefined): ContentCoding | undefined {
  if (header === undefined || header === '') return undefined
  const accepted = new Map<ContentCoding, number>()
  let others = 0
  for (const item of header.split(',', 32)) {
    const [name = '', ...parameters] = item.split(';', 4)
    const quality = qualityOf(parameters)
    const coding = named(name)
    if (coding !== undefined) accepted.set(coding, quality)
    else if (name.trim() === '*') others = quality
  }
  const qualities = CONTENT_CODINGS.map(coding => accepted.get(coding) ?? others)
  const best = Math.max(...qualities)
  return best > 0 ? CONTENT_CODINGS[qualities.indexOf(best)] : undefined
}

function qualityOf(parameters: readonly string[]): number {
  const text = parameters.map(part => part.trim()).find(part => /^q=/i.test(part))
  if (text === undefined) return 1
  const value = Number(text.slice(2))
  return value >= 0 && value <= 1 ? value : 0
}
