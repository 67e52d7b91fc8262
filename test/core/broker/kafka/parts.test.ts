/**
 * Guarantees: retention never exceeds what every group has read and applies the stricter of time and bytes; an
 * unsuitable topic is described with a remedy; every kind of Kafka failure is classified.
 */
import { MultipleErrors, NetworkError, ProtocolError } from '@platformatic/kafka'
import { describe, expect, test } from 'vitest'
import { kafkaFailure, startFailure, TakenOver } from '../../../../core/broker/kafka/failure.ts'
import { Names } from '../../../../core/broker/kafka/names.ts'
import {
  configProblems,
  minInsync,
  shapeProblems,
  streamTopic,
} from '../../../../core/broker/kafka/topics.ts'
import { trimTo } from '../../../../core/broker/kafka/trimmer.ts'

describe('retention', () => {
  const state = { start: 100n, end: 200n, bytes: 1000n, young: 100n, committed: [200n, 200n] }
  test.each([
    ['keeps what is young and fits', {}, 1000, 100n],
    ['drops what is too old', { young: 150n }, 1000, 150n],
    ['drops what is too much, by its share', {}, 400, 160n],
    ['takes the stricter of both', { young: 150n }, 400, 160n],
    ['never goes beyond what all groups have read', { young: 150n, committed: [130n, 200n] }, 1, 130n],
    ['drops nothing while a group has read nothing', { committed: [undefined, 200n] }, 1, 100n],
    ['needs no group', { young: 180n, committed: [] }, 1000, 180n],
    ['leaves an empty partition alone', { end: 100n, bytes: 0n, committed: [] }, 1, 100n],
  ] as const)('%s', (_, changes, maxBytes, expected) => {
    expect(trimTo({ ...state, ...changes }, maxBytes)).toBe(expected)
  })
})

describe('topics', () => {
  const wanted = streamTopic('w.in', 4, 3)

  test('that are suitable have no problem', () => {
    expect(shapeProblems(wanted, [3, 3, 3, 3])).toEqual([])
    expect(configProblems(wanted, new Map(Object.entries(wanted.configs)))).toEqual([])
    expect(configProblems(wanted, new Map([['min.insync.replicas', '3']]))).toEqual([])
  })

  test('that are unsuitable are described one by one, each with a remedy', () => {
    expect(shapeProblems(wanted, [3, 1])).toEqual([
      expect.stringMatching(/has 2 partitions, .* says 4: set broker\.partitions .*to 2,/),
      expect.stringMatching(/has 1 replicas, but broker\.replication says 3: reassign/),
    ])
    const loose = new Map([
      ['cleanup.policy', 'compact'],
      ['min.insync.replicas', '1'],
      ['max.message.bytes', '1048588'],
    ])
    expect(configProblems(wanted, loose)).toEqual([
      expect.stringContaining('--add-config cleanup.policy=delete'),
      expect.stringContaining('--entity-name w.in --add-config min.insync.replicas=2'),
      expect.stringContaining('--add-config max.message.bytes=67108864'),
    ])
  })

  test('one replica may be missing, but one must exist', () => {
    expect([1, 2, 3, 5].map(minInsync)).toEqual([1, 1, 2, 4])
  })

  test('are named by prefix, and transactions by group and partition', () => {
    const names = new Names('w')
    expect([
      names.topic('in'),
      names.group('g'),
      names.stateTopic('g'),
      names.transactionalId('g', 'in', 3),
    ]).toEqual(['w.in', 'w.g', 'w.g.state', 'w.g.in.3'])
  })
})

describe('failures', () => {
  const nested = (id: string) =>
    new MultipleErrors('produce failed 2 times.', [new NetworkError('cut'), new ProtocolError(id)])
  test.each([
    'TOPIC_AUTHORIZATION_FAILED',
    'GROUP_AUTHORIZATION_FAILED',
    'TRANSACTIONAL_ID_AUTHORIZATION_FAILED',
    'CLUSTER_AUTHORIZATION_FAILED',
    'UNSUPPORTED_SASL_MECHANISM',
    'SASL_AUTHENTICATION_FAILED',
    'UNSUPPORTED_VERSION',
  ])('%s ends a start, and is retried later', id => {
    expect(startFailure(nested(id), 'testing')).toMatchObject({ code: 'config_invalid', disposition: 'stop' })
    expect(kafkaFailure(nested(id), 'testing')).toMatchObject({ code: 'broker_unavailable' })
  })

  test.each([
    'DEPTH_ZERO_SELF_SIGNED_CERT',
    'SELF_SIGNED_CERT_IN_CHAIN',
    'UNABLE_TO_VERIFY_LEAF_SIGNATURE',
    'UNABLE_TO_GET_ISSUER_CERT_LOCALLY',
    'CERT_HAS_EXPIRED',
    'ERR_TLS_CERT_ALTNAME_INVALID',
    'PLT_KFK_AUTHENTICATION',
  ])('%s of a connection is a configuration error, however deep', code => {
    const cause = Object.assign(new Error('x'), { code })
    const error = new MultipleErrors('x', [new NetworkError('y', { cause: new Error('z', { cause }) })])
    expect(startFailure(error, 'testing')).toMatchObject({ code: 'config_invalid' })
  })

  test.each([
    ['MESSAGE_TOO_LARGE', 'body_too_large', 'reject'],
    ['RECORD_LIST_TOO_LARGE', 'body_too_large', 'reject'],
    ['NOT_LEADER_OR_FOLLOWER', 'broker_unavailable', 'retry'],
    ['NOT_ENOUGH_REPLICAS', 'broker_unavailable', 'retry'],
  ])('%s is %s', (id, code, disposition) => {
    expect(kafkaFailure(nested(id), 'testing')).toMatchObject({ code, disposition })
    expect(startFailure(nested(id), 'testing')).toMatchObject({ code, disposition })
  })

  test.each(['UNKNOWN_MEMBER_ID', 'FENCED_MEMBER_EPOCH', 'INVALID_PRODUCER_EPOCH', 'PRODUCER_FENCED'])(
    '%s is a takeover: no retry here',
    id => {
      expect(kafkaFailure(nested(id), 'testing')).toBeInstanceOf(TakenOver)
    },
  )

  test('any other error says what was being done, and the innermost cause', () => {
    const error = kafkaFailure(
      new MultipleErrors('x', [new NetworkError('cut', { cause: new Error('ECONNRESET') })]),
      'testing',
    )
    expect(error.message).toBe('Kafka failed while testing: ECONNRESET.')
    expect(kafkaFailure(error, 'more')).toBe(error)
  })
})
