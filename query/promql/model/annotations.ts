/** Warnings and infos: what an answer leaves out or may not mean what was asked. */
import { positionOf, type Range } from './errors.ts'

/** The texts for the answer, at most ten of each kind and then how many more there are. */
export interface Annotations {
  readonly warnings: readonly string[]
  readonly infos: readonly string[]
}

const MAX_SHOWN = 10

interface Note {
  readonly level: 'warning' | 'info'
  readonly text: string
  readonly range: Range
}

/** Collects what a query wants to tell, each text once. */
export class Notes {
  readonly #notes = new Map<string, Note>()

  /** The text of a warning says what was left out or looks wrong. */
  warn(text: string, range: Range): void {
    this.#add({ level: 'warning', text, range })
  }

  info(text: string, range: Range): void {
    this.#add({ level: 'info', text, range })
  }

  #add(note: Note): void {
    const key = `${note.level} ${note.text}`
    if (!this.#notes.has(key)) this.#notes.set(key, note)
  }

  /** The texts with their positions; `limit` cuts each list (0: no limit). */
  toAnnotations(query: string, limit = MAX_SHOWN): Annotations {
    return { warnings: this.#texts('warning', query, limit), infos: this.#texts('info', query, limit) }
  }

  #texts(level: Note['level'], query: string, limit: number): readonly string[] {
    const texts = [...this.#notes.values()]
      .filter(note => note.level === level)
      .map(({ text, range }) => {
        const { line, column } = positionOf(query, range)
        return `PromQL ${level}: ${text} (${line}:${column})`
      })
    if (limit === 0 || texts.length <= limit) return texts
    return [...texts.slice(0, limit), `${texts.length - limit} more ${level} annotations omitted`]
  }
}
