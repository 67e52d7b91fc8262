/** Creates missing topics and checks existing ones; a mismatch is reported with what to do. */
import { ConfigResourceTypes, findErrorBy } from '@platformatic/kafka'
import { WattlineError } from '../../catalogue/errors/errors.ts'
import type { Cluster } from './cluster.ts'
import { saysOneOf, startFailure } from './failure.ts'

/** The required settings of a topic. */
interface TopicSettings {
  readonly topic: string
  readonly partitions: number
  readonly replication: number
  readonly configs: Readonly<Record<string, string>>
}

/** Largest record of our topics: a request body of the largest size that does not compress. */
const MAX_MESSAGE_BYTES = 64 * 1024 * 1024
/** Kafka frees space in whole segments: small enough for retention to have an effect, large enough to be few. */
const SEGMENT_BYTES = 128 * 1024 * 1024
const STATE_SEGMENT_BYTES = 16 * 1024 * 1024
const STATE_SEGMENT_MS = 600_000

/** This many replicas must have a record before it counts: one fewer than there are, so that one may be down. */
export const minInsync = (replication: number): number => Math.max(1, replication - 1)

/** A stream's topic. We apply retention, see trimmer.ts: Kafka does not know which groups have read what. */
export const streamTopic = (topic: string, partitions: number, replication: number): TopicSettings => ({
  topic,
  partitions,
  replication,
  configs: {
    'cleanup.policy': 'delete',
    'retention.ms': '-1',
    'retention.bytes': '-1',
    'segment.bytes': `${SEGMENT_BYTES}`,
    'max.message.bytes': `${MAX_MESSAGE_BYTES}`,
    'min.insync.replicas': `${minInsync(replication)}`,
  },
})

/** A compacted stream's topic. Kafka's cleaner ignores groups: a superseded record stays for at least `keptMs`. */
export const compactedTopic = (
  topic: string,
  partitions: number,
  replication: number,
  keptMs: number,
): TopicSettings => ({
  topic,
  partitions,
  replication,
  configs: {
    'cleanup.policy': 'compact',
    'min.compaction.lag.ms': `${keptMs}`,
    'min.cleanable.dirty.ratio': '0.2',
    // The cleaner does not touch the active segment.
    'segment.bytes': `${STATE_SEGMENT_BYTES}`,
    'segment.ms': `${keptMs}`,
    'max.message.bytes': `${MAX_MESSAGE_BYTES}`,
    'min.insync.replicas': `${minInsync(replication)}`,
  },
})

/** The state of a group: the last value of every key. */
export const stateTopic = (topic: string, partitions: number, replication: number): TopicSettings => ({
  topic,
  partitions,
  replication,
  configs: {
    'cleanup.policy': 'compact',
    'segment.bytes': `${STATE_SEGMENT_BYTES}`,
    'segment.ms': `${STATE_SEGMENT_MS}`,
    'min.cleanable.dirty.ratio': '0.2',
    'max.message.bytes': `${MAX_MESSAGE_BYTES}`,
    'min.insync.replicas': `${minInsync(replication)}`,
  },
})

/** Creates missing topics and checks the others; throws `config_invalid` with every mismatch. */
export async function ensureTopics(cluster: Cluster, wanted: readonly TopicSettings[]): Promise<void> {
  const atStart = { asFailure: startFailure }
  const existing = new Set(await cluster.call('listing topics', () => cluster.admin.listTopics(), atStart))
  for (const settings of wanted) {
    if (!existing.has(settings.topic)) await createTopic(cluster, settings)
  }
  const problems = await cluster.call('checking topics', () => findProblems(cluster, wanted), atStart)
  if (problems.length > 0) throw new WattlineError('config_invalid', problems.join(' '))
}

async function createTopic(cluster: Cluster, settings: TopicSettings): Promise<void> {
  const { topic, partitions, replication: replicas } = settings
  const configs = Object.entries(settings.configs).map(([name, value]) => ({ name, value }))
  const create = async (): Promise<void> => {
    try {
      await cluster.admin.createTopics({ topics: [topic], partitions, replicas, configs })
    } catch (error) {
      // Another instance started at the same moment.
      if (saysOneOf(error, ['TOPIC_ALREADY_EXISTS'])) return
      if (saysOneOf(error, ['INVALID_REPLICATION_FACTOR', 'POLICY_VIOLATION', 'INVALID_CONFIG'])) {
        throw new WattlineError(
          'config_invalid',
          `Kafka cannot create topic ${topic} with ${replicas} replicas (broker.replication): ${reasonOf(error)}`,
          { cause: error },
        )
      }
      throw error
    }
  }
  await cluster.call(`creating topic ${topic}`, create, { asFailure: startFailure })
}

const reasonOf = (error: unknown): string => {
  const refusal = error instanceof Error ? findErrorBy(error, 'code', 'PLT_KFK_PROTOCOL') : null
  const said = refusal?.['serverErrorMessage']
  return typeof said === 'string' ? said : (refusal?.message ?? 'no reason given.')
}

async function findProblems(cluster: Cluster, wanted: readonly TopicSettings[]): Promise<string[]> {
  const metadata = await cluster.metadata(wanted.map(({ topic }) => topic))
  const resources = wanted.map(({ topic }) => ({
    resourceType: ConfigResourceTypes.TOPIC,
    resourceName: topic,
    configurationKeys: ['cleanup.policy', 'min.insync.replicas', 'max.message.bytes'],
  }))
  const described = await cluster.admin.describeConfigs({ resources })
  return wanted.flatMap(settings => {
    const found = metadata.topics.get(settings.topic)
    const configs = described.find(({ resourceName }) => resourceName === settings.topic)?.configs ?? []
    const actual = new Map(configs.map(({ name, value }) => [name, value ?? '']))
    return [
      ...shapeProblems(settings, found?.partitions.map(({ replicas }) => replicas.length) ?? []),
      ...configProblems(settings, actual),
    ]
  })
}

/** `replicas`: of each partition. */
export function shapeProblems(settings: TopicSettings, replicas: readonly number[]): string[] {
  const { topic, partitions, replication } = settings
  const problems: string[] = []
  if (replicas.length !== partitions) {
    problems.push(
      `Topic ${topic} has ${replicas.length} partitions, but the configuration says ${partitions}: ` +
        `set broker.partitions (broker.host_partitions for streams keyed by host) to ${replicas.length}, ` +
        'or choose another broker.topic_prefix.',
    )
  }
  const fewest = Math.min(...replicas)
  if (fewest < replication) {
    problems.push(
      `Topic ${topic} has ${fewest} replicas, but broker.replication says ${replication}: ` +
        'reassign its partitions with kafka-reassign-partitions, or lower broker.replication.',
    )
  }
  return problems
}

/** One sentence for each wrong topic setting, with the command that changes it; empty when all are right. */
export function configProblems(settings: TopicSettings, actual: ReadonlyMap<string, string>): string[] {
  const { topic, configs } = settings
  const expect = (name: string, fits: (value: string) => boolean): string[] => {
    const value = actual.get(name)
    if (value === undefined || fits(value)) return []
    const wanted = `${name}=${configs[name]}`
    return [
      `Topic ${topic} has ${name}=${value}, but needs ${configs[name]}: ` +
        `kafka-configs --alter --entity-type topics --entity-name ${topic} --add-config ${wanted}.`,
    ]
  }
  const atLeast = (name: string) => (value: string) => Number(value) >= Number(configs[name])
  return [
    ...expect('cleanup.policy', value => value === configs['cleanup.policy']),
    ...expect('min.insync.replicas', atLeast('min.insync.replicas')),
    ...expect('max.message.bytes', atLeast('max.message.bytes')),
  ]
}
