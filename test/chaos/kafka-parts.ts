import type { ClickHouseFront } from '../support/clickhouse-front/front.ts'
import type { KafkaServer } from '../support/kafka/kafka-server.ts'
import type { KafkaProxy } from '../support/kafka/proxy.ts'
import type { Member } from './member.ts'

/** A Wattline process and its way to Kafka. */
export interface Node {
  readonly member: Member
  readonly proxy: KafkaProxy
}

/** What the faults work on. */
export interface Parts {
  readonly kafka: KafkaServer
  readonly front: ClickHouseFront
  readonly collectors: readonly Node[]
  readonly processors: readonly Node[]
  readonly query: Node
  readonly nodes: readonly Node[]
}

/** Everything in the order in which one would do it: first the doors, then what works, then what answers. */
export async function stopAll({ collectors, processors, query }: Parts): Promise<void> {
  for (const nodes of [collectors, processors, [query]]) {
    await Promise.all(nodes.map(({ member }) => member.stop()))
  }
}
