/**
 * A value that is built from a few small files (tokens, a certificate) and follows them while the process runs. Invalid
 * new contents are not used, and this is reported: the value built from the old contents stays in force.
 */
import { createHash } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { asWattlineError, WattlineError } from '../catalogue/errors/errors.ts'
import type { Events } from '../catalogue/events/events.ts'

interface ReloadedFilesOptions<T> {
  /** The name of the files in events and notes: `auth.tokens_file`. */
  readonly what: string
  readonly paths: readonly string[]
  /** Throws an Error that describes the problem with the contents, which are in the order of the paths. */
  readonly parse: (contents: readonly Buffer[]) => T
  /** Called with the value of new contents, but not for the first. */
  readonly onChange?: (value: T) => void
  readonly events: Events
  readonly pollMs?: number
}

/** A value that follows its files. `close` stops following. */
export interface ReloadedFiles<T> {
  /** Built from the newest valid contents. */
  readonly value: T
  /** Why the newest contents are not in force; null when they are. */
  readonly problem: string | null
  close(): void
}

/**
 * The files are polled, not watched: mounted secrets are symbolic links whose targets change elsewhere, and
 * notifications do not cross network file systems. Reading a few kilobytes a second costs nothing.
 */
const POLL_MS = 1_000

/** @throws WattlineError `config_invalid` when the first contents cannot be read or used. */
export async function openReloadedFiles<T>(options: ReloadedFilesOptions<T>): Promise<ReloadedFiles<T>> {
  const { what, events, pollMs = POLL_MS, onChange } = options
  const first = await look(options)
  if (first.problem !== null) throw new WattlineError('config_invalid', `${what}: ${first.problem}.`)
  let value = first.value
  let problem: string | null = null
  let taken = first.fingerprint
  let seen = first.fingerprint

  const poll = async (): Promise<void> => {
    const found = await look(options)
    // Files of a pair are replaced one after another, and written in pieces: only contents that stayed the same for a
    // while count.
    const settled = found.fingerprint === seen
    seen = found.fingerprint
    if (!settled || found.fingerprint === taken) return
    taken = found.fingerprint
    problem = found.problem ?? take(found.value, onChange)
    if (problem !== null) {
      events.emit('filesRefused', { what, problem })
      return
    }
    if (found.problem === null) value = found.value
    events.emit('filesReloaded', { what })
  }
  const timer = repeat(poll, pollMs)
  return {
    get value() {
      return value
    },
    get problem() {
      return problem === null ? null : `${what}: ${problem}; the version read before stays in force`
    },
    close: timer.stop,
  }
}

type LoadedFiles<T> =
  | { readonly fingerprint: string; readonly problem: null; readonly value: T }
  | { readonly fingerprint: string; readonly problem: string }

/** Never throws. An unreadable file has a fingerprint too: its disappearance is a change. */
async function look<T>({ paths, parse }: ReloadedFilesOptions<T>): Promise<LoadedFiles<T>> {
  const hash = createHash('sha256')
  try {
    const contents = await Promise.all(paths.map(path => readFile(path)))
    for (const content of contents) hash.update(`${content.length}:`).update(content)
    const fingerprint = hash.digest('hex')
    try {
      return { fingerprint, problem: null, value: parse(contents) }
    } catch (error) {
      return { fingerprint, problem: messageOf(error) }
    }
  } catch (error) {
    const problem = messageOf(error)
    return { fingerprint: `unreadable: ${problem}`, problem }
  }
}

/** The error when the value cannot be used; null when it was. */
function take<T>(value: T, onChange: ((value: T) => void) | undefined): string | null {
  try {
    onChange?.(value)
    return null
  } catch (error) {
    return messageOf(error)
  }
}

const messageOf = (error: unknown): string =>
  asWattlineError(error, 'config_invalid').message.replace(/\.$/, '')

/** Runs the work again `ms` after each run has ended; does not keep the process alive. */
function repeat(work: () => Promise<void>, ms: number): { stop(): void } {
  let stopped = false
  let timer: NodeJS.Timeout
  const plan = (): void => {
    timer = setTimeout(() => void work().finally(() => stopped || plan()), ms).unref()
  }
  plan()
  return {
    stop() {
      stopped = true
      clearTimeout(timer)
    },
  }
}
