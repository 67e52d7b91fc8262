/**
 * Reads /proc and /sys. Synchronous on purpose: the kernel generates these files in memory, and a trip through the
 * thread pool costs more than the read. Each reader reuses one buffer, so a round creates no garbage.
 */
import { closeSync, openSync, readdirSync, readSync } from 'node:fs'

/** Files of /proc and /sys. Nothing here throws: an unreadable file is absent. */
export interface KernelFiles {
  /** The file's bytes, valid until the next call; undefined when it is missing or not readable. */
  bytes(path: string): Buffer | undefined
  /**
   * The same by one read, for files of one line that the kernel gives whole, as those of a process: hundreds of them are
   * read every round, and asking for their end would be half as many calls again.
   */
  line(path: string): Buffer | undefined
  /** The same as `bytes`, as text, trimmed. */
  text(path: string): string | undefined
  /** Why `path` cannot be read (`EACCES`, `ENOENT`, ...); undefined when it can. */
  problem(path: string): string | undefined
  /** Names in a folder; empty when it is missing or not readable. */
  names(path: string): string[]
  /** Names of the folders in a folder; links are not followed, so no walk can loop. */
  folders(path: string): string[]
}

/** Longer files are truncated; the longest part that we need is the first line of /proc/stat. */
const LIMIT_BYTES = 1024 * 1024

/** A reader with its own buffer. */
export function kernelFiles(): KernelFiles {
  let buffer = Buffer.allocUnsafe(16 * 1024)

  const read = (path: string): Buffer => {
    const descriptor = openSync(path, 'r')
    try {
      let length = 0
      for (;;) {
        const count = readSync(descriptor, buffer, length, buffer.length - length, null)
        length += count
        if (count === 0 || length >= LIMIT_BYTES) return buffer.subarray(0, length)
        if (length === buffer.length) buffer = Buffer.concat([buffer, Buffer.allocUnsafe(buffer.length)])
      }
    } finally {
      closeSync(descriptor)
    }
  }

  const line = (path: string): Buffer | undefined => {
    let descriptor: number | undefined
    try {
      descriptor = openSync(path, 'r')
      return buffer.subarray(0, readSync(descriptor, buffer, 0, buffer.length, null))
    } catch {
      return undefined
    } finally {
      if (descriptor !== undefined) closeSync(descriptor)
    }
  }

  const bytes = (path: string): Buffer | undefined => {
    try {
      return read(path)
    } catch {
      return undefined
    }
  }

  return {
    bytes,
    line,
    text: path => bytes(path)?.toString('utf8').trim(),
    problem: path => {
      try {
        read(path)
        return undefined
      } catch (error) {
        return (error as NodeJS.ErrnoException).code ?? String(error)
      }
    },
    names: path => {
      try {
        return readdirSync(path)
      } catch {
        return []
      }
    },
    folders: path => {
      try {
        return readdirSync(path, { withFileTypes: true })
          .filter(entry => entry.isDirectory())
          .map(entry => entry.name)
      } catch {
        return []
      }
    },
  }
}

/** Reads an integer file such as `energy_uj`; undefined when unreadable or not a non-negative integer (`max`). */
export function integerFile(files: KernelFiles, path: string): bigint | undefined {
  const text = files.text(path)
  return text !== undefined && /^\d+$/.test(text) ? BigInt(text) : undefined
}

/** The number after a key in files of `key value` lines; undefined when there is none. */
export function keyedInteger(text: string, key: string): bigint | undefined {
  for (const line of text.split('\n')) {
    if (line.startsWith(`${key} `) || line.startsWith(`${key}:`)) {
      const digits = /\d+/.exec(line.slice(key.length))?.[0]
      return digits === undefined ? undefined : BigInt(digits)
    }
  }
  return undefined
}
