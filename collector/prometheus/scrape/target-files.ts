/**
 * Targets in files, which are polled: notifications do not cross network file systems, and mounted config maps are
 * links whose targets change elsewhere. An invalid file keeps its previous targets, and this is reported; a deleted
 * file has no targets.
 */
import { readdir, readFile } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import type { z } from 'zod'
import { type TargetGroup, targetGroups } from '../../../core/catalogue/config/keys/scrape.ts'
import type { Events } from '../../../core/catalogue/events/events.ts'
import { parseYaml } from '../../../core/runtime/yaml.ts'

interface TargetFileState {
  /** The content at the last poll, valid or not. */
  text: string
  /** The last content that was used or refused. */
  taken: string | undefined
  groups: readonly TargetGroup[]
}

/** The target files of one job, by path or glob pattern. */
export class TargetFiles {
  readonly #patterns: readonly string[]
  readonly #events: Events
  #files = new Map<string, TargetFileState>()

  constructor(patterns: readonly string[], events: Events) {
    this.#patterns = patterns
    this.#events = events
  }

  /** Groups of all files, each with the label `__meta_filepath`. */
  groups(): TargetGroup[] {
    return [...this.#files].flatMap(([path, { groups }]) =>
      groups.map(({ targets, labels }) => ({ targets, labels: { ...labels, __meta_filepath: path } })),
    )
  }

  /** Reads the files; true when their targets may have changed. Never throws. */
  async look(): Promise<boolean> {
    const paths = new Set((await Promise.all(this.#patterns.map(pathsOf))).flat())
    let isChanged = false
    for (const path of this.#files.keys()) {
      if (!paths.has(path)) {
        this.#files.delete(path)
        isChanged = true
      }
    }
    for (const path of paths) if (await this.#lookAt(path)) isChanged = true
    return isChanged
  }

  async #lookAt(path: string): Promise<boolean> {
    const known = this.#files.get(path)
    let text: string
    try {
      text = await readFile(path, 'utf8')
    } catch (error) {
      // Deleted between listing and reading, or not readable.
      if (known?.taken !== '') this.#refuse(path, (error as Error).message)
      this.#files.set(path, { text: '', taken: '', groups: known?.groups ?? [] })
      return false
    }
    // Files are written in pieces: a change takes effect when the next poll finds the same content.
    const isSettled = known === undefined || known.text === text
    const seen = known ?? { text, taken: undefined, groups: [] }
    this.#files.set(path, seen)
    seen.text = text
    if (!isSettled || seen.taken === text) return false
    seen.taken = text
    const yaml = parseYaml(text)
    const groups = yaml.ok ? targetGroups.safeParse(yaml.value ?? []) : undefined
    if (groups?.success === true) {
      seen.groups = groups.data
      return true
    }
    this.#refuse(path, yaml.ok ? problemOf(groups?.error) : yaml.problem)
    return false
  }

  #refuse(path: string, problem: string): void {
    this.#events.emit('filesRefused', { what: 'scrape targets', path, problem })
  }
}

const problemOf = (error: z.ZodError | undefined): string => {
  const [issue] = error?.issues ?? []
  return issue === undefined ? 'not a list of targets' : `${issue.path.join('.')}: ${issue.message}`
}

/** Existing files of a path whose last part may contain `*`. A folder that cannot be listed has none. */
async function pathsOf(pattern: string): Promise<string[]> {
  const folder = dirname(pattern)
  const parts = basename(pattern).split('*')
  try {
    const names = await readdir(folder)
    return names.filter(name => fits(name, parts)).map(name => join(folder, name))
  } catch {
    return []
  }
}

/** Whether a name consists of these parts with any text between them. */
function fits(name: string, parts: readonly string[]): boolean {
  const [first = '', ...others] = parts
  if (others.length === 0) return name === first
  const last = others.pop() ?? ''
  if (!name.startsWith(first) || !name.endsWith(last) || name.length < first.length + last.length)
    return false
  let at = first.length
  for (const part of others) {
    const found = name.indexOf(part, at)
    if (found === -1) return false
    at = found + part.length
  }
  return at <= name.length - last.length
}
