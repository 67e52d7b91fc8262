// Guarantees: what is packed is unpacked byte by byte, including links, and the system's tar reads it; the same files
// give the same bytes; a damaged archive is refused, and none writes outside its folder.
import { execFileSync } from 'node:child_process'
import {
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readlinkSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import fc from 'fast-check'
import { afterAll, expect, it } from 'vitest'
import { packFolder, unpack } from '../../../core/backup/tar.ts'

const root = mkdtempSync(join(tmpdir(), 'wattline-tar-'))
afterAll(() => rmSync(root, { recursive: true, force: true }))
let folders = 0
const newFolder = (): string => {
  const folder = join(root, String(folders++))
  mkdirSync(folder)
  return folder
}
async function packed(folder: string): Promise<Buffer> {
  const pieces: Buffer[] = []
  for await (const piece of packFolder(folder)) pieces.push(piece)
  return Buffer.concat(pieces)
}
async function* inPieces(bytes: Buffer, size: number): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size)
}

const segment = fc.stringMatching(/^[a-zA-Z0-9_%][a-zA-Z0-9_.%-]{0,60}$/)
const tree = fc.uniqueArray(
  fc.record({
    path: fc.array(segment, { minLength: 1, maxLength: 3 }),
    bytes: fc.uint8Array({ maxLength: 3_000 }),
  }),
  // No file in the place of a folder that another one needs.
  { maxLength: 12, selector: ({ path }) => path[0]?.toLowerCase() },
)

it('returns what it was given', async () => {
  await fc.assert(
    fc.asyncProperty(tree, fc.integer({ min: 1, max: 5_000 }), async (files, size) => {
      const [from, to] = [newFolder(), newFolder()]
      for (const { path, bytes } of files) {
        mkdirSync(dirname(join(from, ...path)), { recursive: true })
        writeFileSync(join(from, ...path), bytes)
      }
      const archive = await packed(from)
      expect(await packed(from)).toEqual(archive)
      await unpack(inPieces(archive, size), to)
      for (const { path, bytes } of files) {
        expect(readFileSync(join(to, ...path))).toEqual(Buffer.from(bytes))
      }
    }),
    { seed: 35, numRuns: 25 },
  )
})

it('is read by tar, with long names and links', async () => {
  const folder = newFolder()
  const long = `${'a'.repeat(90)}/${'b'.repeat(95)}`
  mkdirSync(join(folder, 'a'.repeat(90)))
  writeFileSync(join(folder, long), 'long')
  symlinkSync('../elsewhere', join(folder, 'link'))
  const archive = await packed(folder)
  const file = join(root, 'archive.tar')
  writeFileSync(file, archive)
  expect(execFileSync('tar', ['-tf', file], { encoding: 'utf8' }).trim().split('\n').sort()).toEqual(
    [long, 'link'].sort(),
  )
  const to = newFolder()
  await unpack(inPieces(archive, 100), to)
  expect(readlinkSync(join(to, 'link'))).toBe('../elsewhere')
})

it('refuses damaged archives and paths that lead outside', async () => {
  const folder = newFolder()
  writeFileSync(join(folder, 'a'), 'x'.repeat(2_000))
  const archive = await packed(folder)
  const unusable = { code: 'backup_unusable' }
  await expect(unpack(inPieces(archive.subarray(0, 1_500), 100), newFolder())).rejects.toMatchObject(unusable)
  const spoilt = Buffer.from(archive)
  spoilt[0] = 0x62
  await expect(unpack(inPieces(spoilt, 100), newFolder())).rejects.toMatchObject(unusable)
  for (const name of ['../out', '/etc/out', 'a/../../out']) {
    const evil = Buffer.from(archive)
    evil.fill(0, 0, 100)
    evil.write(name)
    let sum = 0
    for (const [at, byte] of evil.subarray(0, 512).entries()) sum += at >= 148 && at < 156 ? 32 : byte
    evil.write(`${sum.toString(8).padStart(6, '0')}\0 `, 148, 'latin1')
    await expect(unpack(inPieces(evil, 100), newFolder())).rejects.toMatchObject(unusable)
  }
})
