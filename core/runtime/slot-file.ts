/**
 * Small texts by name. Each is replaced in place by one write: after a SIGKILL at any moment, a slot holds its last
 * text or the one before. Nothing is synced, so a power failure may lose the newest texts. For facts that are written
 * far more often than read, and that are lower bounds.
 */
import { closeSync, fsyncSync, openSync, readFileSync, renameSync, writeFileSync, writeSync } from 'node:fs'

/**
 * Size of one slot, newline included. A power failure keeps or loses a slot as a whole, because no sector is smaller.
 */
const SLOT_BYTES = 256

/** A file of named slots. `set` throws a TypeError for text that does not fit into a slot of `SLOT_BYTES`. */
export class SlotFile {
  readonly #slots = new Map<string, { readonly index: number; text: string }>()
  #descriptor: number | null

  private constructor(descriptor: number) {
    this.#descriptor = descriptor
  }

  /** Reads the existing file; null when there is none. Unreadable slots are left out. */
  static read(path: string): ReadonlyMap<string, string> | null {
    let bytes: Buffer
    try {
      bytes = readFileSync(path)
    } catch (error) {
      if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return null
      throw error
    }
    const found = new Map<string, string>()
    for (let at = 0; at + SLOT_BYTES <= bytes.length; at += SLOT_BYTES) {
      const slot = parseSlot(bytes.subarray(at, at + SLOT_BYTES).toString('latin1'))
      if (slot !== null) found.set(slot.name, slot.text)
    }
    return found
  }

  /** Atomically replaces the whole file with these slots, and opens it. */
  static create(path: string, slots: Iterable<readonly [name: string, text: string]>): SlotFile {
    const all = [...slots]
    const draft = `${path}.new`
    writeFileSync(draft, all.map(([name, text]) => slotText(name, text)).join(''), { flush: true })
    renameSync(draft, path)
    const file = new SlotFile(openSync(path, 'r+'))
    for (const [index, [name, text]] of all.entries()) file.#slots.set(name, { index, text })
    return file
  }

  /** Opens an existing file and continues in place, which needs no disk space. */
  static open(path: string): SlotFile {
    const file = new SlotFile(openSync(path, 'r+'))
    const bytes = readFileSync(path)
    for (let index = 0; (index + 1) * SLOT_BYTES <= bytes.length; index++) {
      const at = index * SLOT_BYTES
      const slot = parseSlot(bytes.subarray(at, at + SLOT_BYTES).toString('latin1'))
      // An unreadable slot keeps its position.
      file.#slots.set(slot?.name ?? `unreadable-${index}`, { index, text: slot?.text ?? '' })
    }
    return file
  }

  get(name: string): string | undefined {
    return this.#slots.get(name)?.text
  }

  set(name: string, text: string): void {
    if (this.#descriptor === null) return
    const known = this.#slots.get(name)
    const index = known?.index ?? this.#slots.size
    const bytes = Buffer.from(slotText(name, text), 'latin1')
    writeSync(this.#descriptor, bytes, 0, SLOT_BYTES, index * SLOT_BYTES)
    this.#slots.set(name, { index, text })
  }

  close(): void {
    if (this.#descriptor === null) return
    fsyncSync(this.#descriptor)
    closeSync(this.#descriptor)
    this.#descriptor = null
  }
}

function slotText(name: string, text: string): string {
  const line = `${name} ${text}`
  if (line.length >= SLOT_BYTES || !/^\S+$/.test(name) || !/^[\x20-\x7e]*$/.test(line)) {
    throw new TypeError(`'${line}' does not fit into a slot`)
  }
  return `${line.padEnd(SLOT_BYTES - 1)}\n`
}

function parseSlot(slot: string): { readonly name: string; readonly text: string } | null {
  const found = /^(\S+) ([\x20-\x7e]*)\n$/.exec(slot)
  return found === null ? null : { name: found[1]!, text: found[2]!.trimEnd() }
}
