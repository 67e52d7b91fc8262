import type { ClickHouseFront } from '../support/clickhouse-front/front.ts'
import type { KafkaServer } from '../support/kafka/kafka-server.ts'
import type { KafkaProxy } from '../support/kafka/proxy.ts'
import type { Member } from './member.ts'

/** A Wattline process and its path to Kafka. */
export interface Node {
  readonly member: Member
  readonly proxy: KafkaProxy
}

/** What the faults act on. */
export interface Parts {
  readonly kafka: KafkaServer
  readonly front: ClickHouseFront
  readonly collectors: readonly Node[]
  readonly processors: readonly Node[]
  readonly query: Node
  readonly nodes: readonly Node[]
}

/** Stops everything in the usual order: first the receivers, then the processors, then the query server. */
export async function stopAll({ collectors, processors, query }: Parts): Promise<void> {
  for (const nodes of [collectors, processors, [query]]) {
    await Promise.all(nodes.map(({ member }) => member.stop()))
  }
}
