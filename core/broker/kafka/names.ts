/** What streams, groups and transactions are called in Kafka: one prefix, so that several installations share a cluster. */
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

  /** One per group and partition: whoever opens it last shuts the others out. */
  transactionalId(group: string, stream: string, partition: number): string {
    return `${this.#prefix}.${group}.${stream}.${partition}`
  }
}
