/**
 * Reading /proc and /sys. Synchronous on purpose: these files are made in memory by the kernel, and a trip through
 * the thread pool costs more than the read. One buffer per reader, so a round makes no garbage of its own.
 */
import { closeSync, openSync, readdirSync, readSync } from 'node:fs'

/** Files of /proc and /sys. Nothing here throws: what cannot be read is absent. */
export interface KernelFiles {
  /** The file's bytes, valid until the next call; undefined when it is gone or may not be read. */
  bytes(path: string): Buffer | undefined
  /** The same as text, trimmed. */
  text(path: string): string | undefined
  /** Why `path` cannot be read (`EACCES`, `ENOENT`, ...); undefined when it can. */
  problem(path: string): string | undefined
  /** Names in a folder; empty when it is gone or may not be read. */
  names(path: string): string[]
  /** Names of the folders in a folder; links are not followed, so no walk goes in circles. */
  folders(path: string): string[]
}

/** Files longer than this are cut; the longest that we need the end of is /proc/stat's first line. */
const LIMIT_BYTES = 1024 * 1024

/** A reader with a buffer of its own. */
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

  const bytes = (path: string): Buffer | undefined => {
    try {
      return read(path)
    } catch {
      return undefined
    }
  }

  return {
    bytes,
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

/** An integer file such as `energy_uj`; undefined when unreadable or not a non-negative integer (`max`). */
export function integerFile(files: KernelFiles, path: string): bigint | undefined {
  const text = files.text(path)
  return text !== undefined && /^\d+$/.test(text) ? BigInt(text) : undefined
}

/** The number behind a key in files of `key value` lines; undefined when it is not there. */
export function keyedInteger(text: string, key: string): bigint | undefined {
  for (const line of text.split('\n')) {
    if (line.startsWith(`${key} `) || line.startsWith(`${key}:`)) {
      const digits = /\d+/.exec(line.slice(key.length))?.[0]
      return digits === undefined ? undefined : BigInt(digits)
    }
  }
  return undefined
}
