// Guarantees: a process with its tables on a ClickHouse cluster gives exactly the numbers of the worked example.
import { afterAll, beforeAll, describe } from 'vitest'
import { type ClickHouseFront, startClickHouseFront } from '../support/clickhouse-front/front.ts'
import { LOGIN, settingsOf } from '../support/clickhouse-front/settings.ts'
import { workedExample } from '../support/worked-example.ts'

describe('with a ClickHouse cluster', () => {
  const cluster = { name: 'books', shard: '01', shards: 1 }
  let front: ClickHouseFront
  beforeAll(async () => {
    front = await startClickHouseFront({ ...LOGIN, cluster })
  })
  afterAll(() => front.destroy())

  workedExample(() => settingsOf(front, cluster.name))
})
