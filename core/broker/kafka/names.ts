/**
 * Names of streams, groups and transactions in Kafka. All have one prefix, so that several installations can share a
 * cluster.
 */
export class Names {
  readonly #prefix: string

  constructor(prefix: string) {
    this.#prefix = prefix
  }

  topic(stream: string): string {
    return `${this.#prefix}.${stream}`
  }

  group(group: string): string {
    return `${this.#prefix}.${group}`
  }

  /** The compacted topic with the state of a group's partitions. */
  stateTopic(group: string): string {
    return `${this.#prefix}.${group}.state`
  }

  /** One per group and partition: opening it shuts out earlier owners. */
  transactionalId(group: string, stream: string, partition: number): string {
    return `${this.#prefix}.${group}.${stream}.${partition}`
  }
}
