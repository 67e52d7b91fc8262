import type { Asked } from './request.ts'

/** What a front has seen since its start. */
export interface Counts {
  readonly requests: number
  /** By port. */
  readonly requestsByPort: readonly number[]
  readonly inserts: number
  /** Inserts that took place, whatever was answered; including those that the engine treated as duplicates. */
  readonly insertsPerformed: number
  /** Most concurrent inserts of one deduplication token. */
  readonly mostInsertsOfOneToken: number
  /** Queries stopped because their client had disconnected. */
  readonly hungUp: number
  /** Injected faults by name. */
  readonly faults: Readonly<Record<string, number>>
}

export class Tally {
  #requests = 0
  readonly #byPort: number[] = []
  #inserts = 0
  #performed = 0
  #most = 0
  #hungUp = 0
  readonly #faults: Record<string, number> = {}
  readonly #underWay = new Map<string, number>()

  asked(asked: Asked, port: number, fault: string | null): void {
    this.#requests += 1
    this.#byPort[port] = (this.#byPort[port] ?? 0) + 1
    if (fault !== null) this.#faults[fault] = (this.#faults[fault] ?? 0) + 1
    if (asked.kind === 'insert') this.#inserts += 1
  }

  /** The engine begins with it; call the returned function when it has ended, with whether it took place. */
  begin(asked: Asked): (performed: boolean) => void {
    const token = asked.kind === 'insert' ? asked.settings.get('insert_deduplication_token') : undefined
    if (token === undefined) return performed => this.#count(asked, performed)
    const underWay = (this.#underWay.get(token) ?? 0) + 1
    this.#underWay.set(token, underWay)
    this.#most = Math.max(this.#most, underWay)
    return performed => {
      this.#underWay.set(token, (this.#underWay.get(token) ?? 1) - 1)
      this.#count(asked, performed)
    }
  }

  hungUp(): void {
    this.#hungUp += 1
  }

  counts(): Counts {
    return {
      requests: this.#requests,
      requestsByPort: Array.from(this.#byPort, count => count ?? 0),
      inserts: this.#inserts,
      insertsPerformed: this.#performed,
      mostInsertsOfOneToken: this.#most,
      hungUp: this.#hungUp,
      faults: { ...this.#faults },
    }
  }

  #count(asked: Asked, performed: boolean): void {
    if (asked.kind === 'insert' && performed) this.#performed += 1
  }
}
