// Guarantees: gzip bodies of every size are inflated to the original, at once or in pieces, and inconsistent ones are
// refused.
import { randomBytes } from 'node:crypto'
import { gzipSync } from 'node:zlib'
import { describe, expect, it, test } from 'vitest'
import { createBufferPool } from '../../../core/http/buffer-pool.ts'
import { inflated } from '../../../core/http/inflate.ts'

const MAX_BYTES = 4 * 1024 * 1024
const sample = (bytes: number): Buffer => Buffer.from(randomBytes(bytes).map(byte => byte & 15))

async function gunzip(bytes: Uint8Array, maxBytes = MAX_BYTES) {
  let reserved = 0
  let released = 0
  const received = {
    bytes,
    release() {
      released += 1
    },
  }
  const reserve = (more: number): void => {
    reserved += more
  }
  const body = await inflated('gzip', received, { maxBytes, pool: createBufferPool(), reserve })
  const text = Buffer.from(body.bytes)
  body.release()
  return { text, reserved, released }
}

const KIB = 1024
test.each([0, 1, 100, 8 * KIB - 1, 8 * KIB, 300_000, KIB * KIB - 1, KIB * KIB, KIB * KIB + 1, 3_000_000])(
  'a body of %i bytes, counted before it is kept',
  async bytes => {
    const text = sample(bytes)
    const result = await gunzip(gzipSync(text))
    expect(result.text.equals(text)).toBe(true)
    expect(result.reserved).toBeGreaterThanOrEqual(bytes)
    expect(result.released).toBe(1)
  },
)

describe('unusual bodies', () => {
  const text = sample(5_000)
  const plain = gzipSync(text)

  it('are inflated if they have several members', async () => {
    const result = await gunzip(Buffer.concat([plain, gzipSync(text.subarray(0, 10)), plain]))
    expect(result.text.equals(Buffer.concat([text, text.subarray(0, 10), text]))).toBe(true)
  })

  it.each([1, 4_999, 5_001, 2 ** 20, 2 ** 32 - 1])(
    'are refused if they announce %i bytes and have another size',
    async size => {
      const lying = Buffer.from(plain)
      lying.writeUInt32LE(size, lying.length - 4)
      await expect(gunzip(lying)).rejects.toThrow(/cannot be decompressed/)
    },
  )

  it('are refused if something follows them, or they are truncated or corrupt', async () => {
    const garbage = Buffer.concat([plain, Buffer.from([1, 2, 3, 0, 0x88, 0x13, 0, 0])])
    await expect(gunzip(garbage)).rejects.toThrow(/cannot be decompressed/)
    await expect(gunzip(plain.subarray(0, -5))).rejects.toThrow(/cannot be decompressed/)
    const bent = Buffer.from(plain)
    bent[100]! ^= 1
    await expect(gunzip(bent)).rejects.toThrow(/cannot be decompressed/)
  })

  it('are refused above the limit, whatever they announce', async () => {
    await expect(gunzip(plain, 4_999)).rejects.toThrow(/larger than 4999 bytes/)
    const modest = Buffer.from(plain)
    modest.writeUInt32LE(10, modest.length - 4)
    await expect(gunzip(modest, 4_999)).rejects.toThrow(/larger than 4999 bytes|cannot be decompressed/)
  })
})
