/** Severity of a log line. */
export type Level = 'debug' | 'info' | 'warn' | 'error'

/** What an event causes: a log line of this level, and a counter if it is counted. */
export interface EventDeclaration {
  readonly level: Level
  /** Counter on /metrics that this event increases by `amount` (default 1). */
  readonly counter?: { readonly name: string; readonly help: string; readonly labels: readonly string[] }
}

/** Declares the counter of an event; the values of its labels are facts of the event. */
export const counter = (name: string, help: string, ...labels: string[]) => ({ name, help, labels })
