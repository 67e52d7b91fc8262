// Guarantees: the bytes of an answer are returned unchanged, for any split into pieces, and the exception at their end
// is found wherever the pieces begin; an answer that stalls ends with an error.
import { Readable } from 'node:stream'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { AnswerReader } from '../../../../core/warehouse/clickhouse/answer.ts'

const TAG = '0123456789abcdef'
const EXCEPTION = 'Code: 395. DB::Exception: words.\n(in two lines) (NAME)'
const TROUBLE = `\r\n__exception__\r\n${TAG}\r\n${EXCEPTION}\n${Buffer.byteLength(EXCEPTION) + 1} ${TAG}\r\n__exception__\r\n`

const pieces = (text: string, cuts: readonly number[]): Buffer[] => {
  const bytes = Buffer.from(text)
  const places = [0, ...cuts.map(cut => cut % (bytes.length + 1)), bytes.length].sort((a, b) => a - b)
  return places.slice(1).map((to, index) => bytes.subarray(places[index], to))
}

async function read(parts: readonly Buffer[], tag: string | null): Promise<{ bytes: Buffer; error: string }> {
  const reader = new AnswerReader(Readable.from(parts.filter(part => part.length > 0)), tag)
  const chunks: Uint8Array[] = []
  let error = ''
  try {
    await reader.first()
    for await (const chunk of reader.chunks(60_000)) chunks.push(chunk)
  } catch (thrown) {
    error = thrown instanceof Error ? thrown.message : String(thrown)
  }
  return { bytes: Buffer.concat(chunks), error }
}

const text = fc.string({ unit: fc.constantFrom('a', '\r', '\n', '_', 'é', '0'), maxLength: 60 })
const cuts = fc.array(fc.nat(200), { maxLength: 8 })

describe('AnswerReader', () => {
  it('returns what arrived', async () => {
    await fc.assert(
      fc.asyncProperty(text, cuts, fc.boolean(), async (data, at, tagged) => {
        expect(await read(pieces(data, at), tagged ? TAG : null)).toEqual({
          bytes: Buffer.from(data),
          error: '',
        })
      }),
    )
  })

  it('finds the exception after any data', async () => {
    await fc.assert(
      fc.asyncProperty(text, cuts, async (data, at) => {
        const found = await read(pieces(data + TROUBLE, at), TAG)
        expect(found.error).toBe(EXCEPTION)
        expect(found.bytes).toEqual(Buffer.from(data).subarray(0, found.bytes.length))
      }),
    )
  })

  it('does not wait forever for a server that disappears silently', async () => {
    const stream = new Readable({ read() {} })
    stream.push('half')
    const reader = new AnswerReader(stream, TAG)
    await reader.first()
    const read = async (): Promise<void> => {
      for await (const _ of reader.chunks(20));
    }
    await expect(read()).rejects.toThrow('no answer within')
  })

  it('accepts no tag but its own', async () => {
    const other = TROUBLE.replaceAll(TAG, 'fedcba9876543210')
    expect(await read([Buffer.from(other)], TAG)).toEqual({ bytes: Buffer.from(other), error: '' })
  })
})
