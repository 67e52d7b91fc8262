import type { Logger } from 'pino'
import { labelText } from '../../model/label-text.ts'
import type { EventDeclaration } from './declaration.ts'
import { EVENTS, type EventName, type Events, type Facts } from './events.ts'

/** Counters by name and label values, for `/metrics`. */
export type CounterSamples = ReadonlyMap<string, ReadonlyMap<string, number>>

/** Turns events into log lines and counters, as declared. */
export class EventBus implements Events {
  readonly #log: Logger
  readonly #counters = new Map<string, Map<string, number>>()
  /** By the counter's name and the values of its labels: some are counted thousands of times a second. */
  readonly #labelTexts = new Map<string, string>()

  constructor(log: Logger) {
    this.#log = log
  }

  emit(name: EventName, facts: Facts = {}, error?: unknown): void {
    const declaration: EventDeclaration = EVENTS[name]
    if (declaration.counter !== undefined) this.#count(declaration.counter, facts)
    if (!this.#log.isLevelEnabled(declaration.level)) return
    const printable = Object.fromEntries(
      Object.entries(facts).map(([key, value]) => [
        key,
        typeof value === 'bigint' ? value.toString() : value,
      ]),
    )
    this.#log[declaration.level](error === undefined ? printable : { ...printable, err: error }, name)
  }

  /** A snapshot; label text is in exposition form, `a="x",b="y"`. */
  samples(): CounterSamples {
    return this.#counters
  }

  #count(declaration: NonNullable<EventDeclaration['counter']>, facts: Facts): void {
    const labels = this.#labelsOf(declaration, facts)
    const family = this.#counters.get(declaration.name) ?? new Map<string, number>()
    this.#counters.set(declaration.name, family)
    family.set(labels, (family.get(labels) ?? 0) + (facts.amount ?? 1))
  }

  #labelsOf({ name, labels }: NonNullable<EventDeclaration['counter']>, facts: Facts): string {
    let key = name
    for (const label of labels) key += `\u0000${facts[label] ?? ''}`
    const known = this.#labelTexts.get(key)
    if (known !== undefined) return known
    const text = labelText(Object.fromEntries(labels.map(label => [label, String(facts[label] ?? '')])))
    this.#labelTexts.set(key, text)
    return text
  }
}
