// Guarantees: a bucket stores what is put there, completely or not at all, also in parts, under any name; temporary
// failures are retried; wrong keys and a missing bucket or server are reported.
import { afterAll, beforeAll, expect, it } from 'vitest'
import { type BackupStore, openBackupStore } from '../../../core/backup/backup-store.ts'
import { type S3Server, startS3 } from '../../support/s3.ts'

let server: S3Server
let store: BackupStore

beforeAll(async () => {
  server = await startS3()
  store = await openBackupStore('s3://backups/a prefix/x', server.environment)
})
afterAll(() => server.close())

async function* pieces(count: number, bytes: number): AsyncGenerator<Uint8Array> {
  for (let piece = 0; piece < count; piece += 1) yield Buffer.alloc(bytes, piece)
}
async function read(name: string): Promise<Buffer> {
  const parts: Uint8Array[] = []
  for await (const part of await store.get(name)) parts.push(part)
  return Buffer.concat(parts)
}

it('stores small and large objects', async () => {
  await store.put('backups/one.json', pieces(1, 10))
  await store.put("parts/it's (a) name+&=é/2", pieces(2, 100))
  await store.put('parts/large', pieces(20, 1_000_003))
  await store.put('parts/empty', pieces(0, 0))
  expect(await store.list('parts/')).toEqual(
    new Map([
      ['parts/empty', 0],
      ["parts/it's (a) name+&=é/2", 200],
      ['parts/large', 20_000_060],
    ]),
  )
  expect([...(await store.list('backups/')).keys()]).toEqual(['backups/one.json'])
  const large = await read('parts/large')
  expect([large.length, large[0], large.at(-1)]).toEqual([20_000_060, 0, 19])
  expect(await read("parts/it's (a) name+&=é/2")).toEqual(
    Buffer.concat([Buffer.alloc(100, 0), Buffer.alloc(100, 1)]),
  )
  await store.remove('parts/large')
  expect((await store.list('parts/')).has('parts/large')).toBe(false)
  await expect(store.get('parts/large')).rejects.toMatchObject({ code: 'backup_unusable' })
})

it('leaves nothing of an aborted upload', async () => {
  const broken = async function* (): AsyncGenerator<Uint8Array> {
    yield* pieces(12, 1_000_000)
    throw new Error('the source is gone')
  }
  await expect(store.put('parts/broken', broken())).rejects.toThrow('the source is gone')
  expect((await store.list('parts/')).has('parts/broken')).toBe(false)
  expect(server.openUploads()).toBe(0)
})

it('retries temporary failures', async () => {
  server.failNext(2)
  await store.put('parts/again', pieces(1, 5))
  expect((await read('parts/again')).length).toBe(5)
})

it('lists more than one page', async () => {
  for (let at = 0; at < 1_005; at += 15) {
    await Promise.all(Array.from({ length: 15 }, (_, i) => store.put(`many/${at + i}`, pieces(1, 1))))
  }
  expect((await store.list('many/')).size).toBe(1_005)
})

it('reports what is wrong', async () => {
  const wrong = { ...server.environment, AWS_SECRET_ACCESS_KEY: 'other' }
  await expect((await openBackupStore('s3://backups/x', wrong)).list('')).rejects.toMatchObject({
    code: 'place_unavailable',
    message: expect.stringContaining('403'),
  })
  await expect(
    (await openBackupStore('s3://nobody/x', server.environment)).put('a', pieces(1, 1)),
  ).rejects.toMatchObject({
    code: 'place_unavailable',
  })
  await expect(openBackupStore('s3://backups', {})).rejects.toMatchObject({ code: 'config_invalid' })
  await expect(openBackupStore('ftp://backups', {})).rejects.toMatchObject({ code: 'parameter_invalid' })
})
