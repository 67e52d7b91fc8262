/**
 * Folders as tar archives (POSIX ustar, with GNU's number format for files of 8 GiB and more), so that a backup can be
 * read without Wattline. The same files give the same bytes: sorted names, no times, no owners.
 */
import { createReadStream } from 'node:fs'
import { lstat, mkdir, open, readdir, readlink, symlink } from 'node:fs/promises'
import { dirname, isAbsolute, join, normalize } from 'node:path'
import { WattlineError } from '../catalogue/errors/errors.ts'

const BLOCK = 512
/** Size of one read or write. */
const PIECE = 1024 * 1024
const AT = {
  name: 0,
  mode: 100,
  size: 124,
  time: 136,
  checksum: 148,
  type: 156,
  link: 157,
  magic: 257,
  prefix: 345,
} as const
const LARGEST_OCTAL = 8 ** 11

type TarKind = 'file' | 'link'
interface TarEntry {
  readonly name: string
  readonly kind: TarKind
  readonly size: number
  /** Target of a link. */
  readonly target: string
}

/** The archive of the files and links below `folder`, with their relative names under `prefix`. */
export async function* packFolder(folder: string, prefix = ''): AsyncGenerator<Buffer> {
  for (const path of await filesBelow(folder)) {
    const full = join(folder, path)
    const facts = await lstat(full)
    const name = prefix === '' ? path : `${prefix}/${path}`
    if (facts.isSymbolicLink()) {
      yield head({ name, kind: 'link', size: 0, target: await readlink(full) })
      continue
    }
    yield head({ name, kind: 'file', size: facts.size, target: '' })
    let read = 0
    for await (const piece of createReadStream(full, { highWaterMark: PIECE })) {
      read += (piece as Buffer).length
      yield piece as Buffer
    }
    if (read !== facts.size) throw new WattlineError('snapshot_gone', `${full} changed while it was read.`)
    if (read % BLOCK > 0) yield Buffer.alloc(BLOCK - (read % BLOCK))
  }
  yield Buffer.alloc(2 * BLOCK)
}

/** Relative paths of all files and links, sorted. */
async function filesBelow(folder: string): Promise<readonly string[]> {
  const entries = await readdir(folder, { withFileTypes: true, recursive: true })
  return entries
    .filter(entry => entry.isFile() || entry.isSymbolicLink())
    .map(entry => join(entry.parentPath, entry.name).slice(folder.length + 1))
    .sort()
}

function head({ name, kind, size, target }: TarEntry): Buffer {
  const block = Buffer.alloc(BLOCK)
  const [front, back] = split(name)
  block.write(back, AT.name)
  block.write('0000644\0', AT.mode)
  block.write('00000000000\0', AT.time)
  writeSize(block, size)
  block.write(kind === 'file' ? '0' : '2', AT.type)
  if (Buffer.byteLength(target) > 100) throw tooLong(target)
  block.write(target, AT.link)
  block.write('ustar\u000000', AT.magic, 'latin1')
  block.write(front, AT.prefix)
  block.write(`${checksum(block).toString(8).padStart(6, '0')}\0 `, AT.checksum, 'latin1')
  return block
}

/** Names of up to 100 bytes use one field; longer ones are split at a slash, with the front in another field. */
function split(name: string): readonly [front: string, back: string] {
  if (Buffer.byteLength(name) <= 100) return ['', name]
  for (let at = name.indexOf('/'); at !== -1; at = name.indexOf('/', at + 1)) {
    const [front, back] = [name.slice(0, at), name.slice(at + 1)]
    if (Buffer.byteLength(front) <= 155 && Buffer.byteLength(back) <= 100) return [front, back]
  }
  throw tooLong(name)
}

const tooLong = (name: string): WattlineError =>
  new WattlineError('invariant_broken', `The name ${name} is too long for an archive.`)

function writeSize(block: Buffer, size: number): void {
  if (size < LARGEST_OCTAL) return void block.write(`${size.toString(8).padStart(11, '0')}\0`, AT.size)
  block.writeBigUInt64BE(BigInt(size), AT.size + 4)
  block[AT.size] = 0x80
}

function readSize(block: Buffer): number {
  if (block[AT.size] === 0x80) return Number(block.readBigUInt64BE(AT.size + 4))
  return Number.parseInt(textAt(block, AT.size, 12), 8)
}

/** Sum of all bytes, with spaces in place of the checksum. */
function checksum(block: Buffer): number {
  let sum = 0
  for (const [at, byte] of block.entries()) sum += at >= AT.checksum && at < AT.type ? 32 : byte
  return sum
}

function textAt(block: Buffer, at: number, length: number): string {
  const end = block.indexOf(0, at)
  return block.toString('utf8', at, end === -1 || end > at + length ? at + length : end)
}

/** Unpacks an archive below `folder`, and waits for the disk. @throws backup_unusable */
export async function unpack(archive: AsyncIterable<Uint8Array>, folder: string): Promise<void> {
  const reader = new TarReader(archive)
  const links: TarEntry[] = []
  for (;;) {
    const block = await reader.exactly(BLOCK)
    if (block === null || block.every(byte => byte === 0)) break
    const entry = entryOf(block)
    if (entry.kind === 'file') await writeFile(entry, reader, folder)
    else links.push(entry)
  }
  // After all files, so that no file is written through a link.
  for (const { name, target } of links) {
    if (isAbsolute(target)) throw damaged()
    await mkdir(dirname(join(folder, name)), { recursive: true })
    await symlink(target, join(folder, name))
  }
  // Reads to the end, for consumers that count or check the bytes.
  while ((await reader.upTo(PIECE)) !== null);
}

function entryOf(block: Buffer): TarEntry {
  const type = block.toString('latin1', AT.type, AT.type + 1)
  if (Number.parseInt(textAt(block, AT.checksum, 8), 8) !== checksum(block) || !['0', '2'].includes(type)) {
    throw damaged()
  }
  const front = textAt(block, AT.prefix, 155)
  const back = textAt(block, AT.name, 100)
  const name = front === '' ? back : `${front}/${back}`
  // Never writes outside the folder, whatever the archive contains.
  if (name === '' || name.startsWith('/') || normalize(name) !== name || name.startsWith('..'))
    throw damaged()
  return {
    name,
    kind: type === '0' ? 'file' : 'link',
    size: readSize(block),
    target: textAt(block, AT.link, 100),
  }
}

async function writeFile({ name, size }: TarEntry, reader: TarReader, folder: string): Promise<void> {
  const path = join(folder, name)
  await mkdir(dirname(path), { recursive: true })
  const file = await open(path, 'wx')
  try {
    for (let left = size; left > 0; ) {
      const piece = await reader.upTo(Math.min(left, PIECE))
      if (piece === null) throw damaged()
      await file.writeFile(piece)
      left -= piece.length
    }
    await file.sync()
  } finally {
    await file.close()
  }
  if (size % BLOCK > 0) await reader.exactly(BLOCK - (size % BLOCK))
}

const damaged = (): WattlineError =>
  new WattlineError('backup_unusable', 'An archive of the backup is damaged.')

/** Reads bytes from chunks of any size. */
class TarReader {
  readonly #pieces: AsyncIterator<Uint8Array>
  #rest: Buffer = Buffer.alloc(0)

  constructor(pieces: AsyncIterable<Uint8Array>) {
    this.#pieces = pieces[Symbol.asyncIterator]()
  }

  /** Up to `most` bytes; null at the end. */
  async upTo(most: number): Promise<Buffer | null> {
    while (this.#rest.length === 0) {
      const next = await this.#pieces.next()
      if (next.done === true) return null
      this.#rest = Buffer.from(next.value.buffer, next.value.byteOffset, next.value.byteLength)
    }
    const taken = this.#rest.subarray(0, most)
    this.#rest = this.#rest.subarray(taken.length)
    return taken
  }

  /** Exactly this many bytes; null at the end. @throws backup_unusable when it ends in between */
  async exactly(count: number): Promise<Buffer | null> {
    const parts: Buffer[] = []
    for (let left = count; left > 0; ) {
      const part = await this.upTo(left)
      if (part === null) {
        if (parts.length === 0) return null
        throw damaged()
      }
      parts.push(part)
      left -= part.length
    }
    return Buffer.concat(parts)
  }
}
