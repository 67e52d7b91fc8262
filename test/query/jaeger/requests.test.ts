/** Guarantees: requests of Jaeger are read field by field; malformed ones are refused as such, whatever their bytes. */
import fc from 'fast-check'
import { expect, it } from 'vitest'
import { WattlineError } from '../../../core/catalogue/errors/errors.ts'
import {
  readFindTraces,
  readGetDependencies,
  readGetOperations,
  readGetTraces,
} from '../../../query/jaeger/requests.ts'
import { requestOf, timestamp } from './jaeger-rig.ts'

it('reads a search', () => {
  const body = requestOf('FindTraces', {
    query: {
      service_name: 'cart',
      operation_name: 'GET',
      attributes: [
        { key: 'text', value: { string_value: 'ü' } },
        { key: 'is', value: { bool_value: true } },
        { key: 'whole', value: { int_value: '-5' } },
        { key: 'part', value: { double_value: 0.5 } },
      ],
      start_time_min: timestamp(1_500),
      start_time_max: { seconds: -62_135_596_800, nanos: 0 },
      duration_min: { seconds: 1, nanos: 5 },
      search_depth: 7,
    },
  })
  expect(readFindTraces(body)).toEqual({
    service: 'cart',
    operation: 'GET',
    attributes: [
      ['text', 'ü'],
      ['is', 'true'],
      ['whole', '-5'],
      ['part', '0.5'],
    ],
    startNano: 1_500_000_000n,
    // Go's zero time.
    endNano: 0n,
    minDurationNano: 1_000_000_005n,
    maxDurationNano: 0n,
    depth: 7,
  })
})

it('reads ids, operations and times', () => {
  expect(
    readGetTraces(
      requestOf('GetTraces', {
        query: [
          {
            trace_id: Buffer.alloc(16, 0xab),
            start_time: { seconds: -62_135_596_800, nanos: 0 },
            end_time: timestamp(5),
          },
        ],
      }),
    ),
  ).toEqual(['ab'.repeat(16)])
  expect(readGetOperations(requestOf('GetOperations', { service: 'a', span_kind: 'SERVER' }))).toEqual({
    service: 'a',
    kind: 2,
  })
  // The kind as a number, as early versions have it.
  expect(readGetOperations(Buffer.from([0x0a, 1, 0x61, 0x10, 3]))).toEqual({ service: 'a', kind: 3 })
  expect(readGetDependencies(requestOf('GetDependencies', { end_time: timestamp(2_000) }))).toEqual({
    startNano: 0n,
    endNano: 2_000_000_000n,
  })
})

it('refuses what is malformed', () => {
  const valid = requestOf('FindTraces', {
    query: {
      service_name: 'cart',
      attributes: [{ key: 'k', value: { int_value: 1 } }],
      start_time_min: timestamp(1),
    },
  })
  const read = (body: Uint8Array): void => {
    for (const reader of [readFindTraces, readGetTraces, readGetOperations, readGetDependencies]) {
      try {
        reader(body)
      } catch (error) {
        expect(error).toBeInstanceOf(WattlineError)
        expect((error as WattlineError).code).toBe('body_undecodable')
      }
    }
  }
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 60 }), fc.nat(valid.length), (noise, at) => {
      read(noise)
      read(Buffer.concat([valid.subarray(0, at), noise, valid.subarray(at)]))
    }),
    { seed: 19, numRuns: 2_000 },
  )
})
