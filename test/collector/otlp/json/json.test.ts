/**
 * Guarantees: JSON and protobuf from the official serialisers give the same rows; JSON's oddities (ids in hex, 64-bit
 * numbers with and without quotes, enum names, special doubles, base64, unknown fields) have the specified meaning; and
 * an error names its path and is always `body_undecodable`.
 */
import {
  JsonLogsSerializer,
  JsonMetricsSerializer,
  JsonTraceSerializer,
  ProtobufLogsSerializer,
  ProtobufMetricsSerializer,
  ProtobufTraceSerializer,
} from '@opentelemetry/otlp-transformer'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { jsonToProtobuf } from '../../../../collector/otlp/json/json.ts'
import { WattlineError } from '../../../../core/catalogue/errors/errors.ts'
import { jsonRows, rowsOf } from '../rows.ts'
import { logRecords, RESOURCE_METRICS, spans } from '../telemetry.ts'

const hex = (digits: number) =>
  fc
    .array(fc.integer({ min: 0, max: 15 }), { minLength: digits, maxLength: digits })
    .map(values => values.map(value => value.toString(16)).join(''))
const value: fc.Arbitrary<unknown> = fc.letrec(tie => ({
  value: fc.oneof(
    { maxDepth: 3 },
    fc.record({ stringValue: fc.string() }),
    fc.record({ boolValue: fc.boolean() }),
    fc.record({ intValue: fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }).map(String) }),
    fc.record({ doubleValue: fc.double() }).map(({ doubleValue }) => ({
      doubleValue: Number.isFinite(doubleValue) ? doubleValue : String(doubleValue),
    })),
    fc.constant({}),
    fc.record({ arrayValue: fc.record({ values: fc.array(tie('value'), { maxLength: 3 }) }) }),
    fc.record({
      kvlistValue: fc.record({
        values: fc.array(fc.record({ key: fc.string(), value: tie('value') }), { maxLength: 3 }),
      }),
    }),
  ),
})).value

const log = (fields: object) => ({ resourceLogs: [{ scopeLogs: [{ logRecords: [fields] }] }] })
const TIME = '1700000000000000000'

describe('official serialisers', () => {
  it('give the same rows for spans', () => {
    const json = JsonTraceSerializer.serializeRequest(spans)!
    const protobuf = ProtobufTraceSerializer.serializeRequest(spans)!
    const rows = rowsOf('traces', protobuf)
    expect(rows.length).toBe(spans.length)
    expect(rowsOf('traces', jsonToProtobuf('traces', json))).toEqual(rows)
  })

  it('give the same rows for all kinds of metrics', () => {
    const json = JsonMetricsSerializer.serializeRequest(RESOURCE_METRICS)!
    const protobuf = ProtobufMetricsSerializer.serializeRequest(RESOURCE_METRICS)!
    const rows = rowsOf('metrics', protobuf)
    expect(rows.length).toBeGreaterThanOrEqual(4)
    expect(rowsOf('metrics', jsonToProtobuf('metrics', json))).toEqual(rows)
  })

  it('give the same rows for logs', () => {
    const json = JsonLogsSerializer.serializeRequest(logRecords)!
    const protobuf = ProtobufLogsSerializer.serializeRequest(logRecords)!
    const rows = rowsOf('logs', protobuf)
    expect(rows.length).toBe(logRecords.length)
    expect(rowsOf('logs', jsonToProtobuf('logs', json))).toEqual(rows)
  })
})

describe('OTLP/JSON', () => {
  it('accepts ids in hex of either case', () => {
    const fields = { timeUnixNano: TIME, traceId: '0A'.repeat(16), spanId: '0b'.repeat(8) }
    expect(jsonRows('logs', log(fields))[0]).toMatchObject({
      TraceId: '0a'.repeat(16),
      SpanId: '0b'.repeat(8),
    })
  })

  it('accepts 64-bit integers as strings and as numbers, exactly, also beyond 2^53', () => {
    const nano = '1699999999999999999'
    const quoted = jsonRows(
      'logs',
      `{"resourceLogs":[{"scopeLogs":[{"logRecords":[{"timeUnixNano":"${nano}"}]}]}]}`,
    )
    const bare = jsonRows(
      'logs',
      `{"resourceLogs":[{"scopeLogs":[{"logRecords":[{"timeUnixNano":${nano}}]}]}]}`,
    )
    expect(quoted[0]).toMatchObject({ Timestamp: BigInt(nano) })
    expect(bare).toEqual(quoted)
  })

  it('accepts enums as integers and by name', () => {
    const byNumber = jsonRows('logs', log({ timeUnixNano: TIME, severityNumber: 17 }))
    expect(byNumber[0]).toMatchObject({ SeverityNumber: 17 })
    expect(jsonRows('logs', log({ timeUnixNano: TIME, severityNumber: 'SEVERITY_NUMBER_ERROR' }))).toEqual(
      byNumber,
    )
  })

  it('accepts every kind of value, bytes in base64', () => {
    const attributes = [
      { key: 'text', value: { stringValue: 'x' } },
      { key: 'yes', value: { boolValue: true } },
      { key: 'int', value: { intValue: '-9223372036854775808' } },
      { key: 'number', value: { intValue: 42 } },
      { key: 'double', value: { doubleValue: 1.5 } },
      { key: 'bytes', value: { bytesValue: 'AQID' } },
      { key: 'list', value: { arrayValue: { values: [{ intValue: 1 }, { stringValue: 'a' }] } } },
      { key: 'map', value: { kvlistValue: { values: [{ key: 'k', value: { boolValue: false } }] } } },
    ]
    expect(jsonRows('logs', log({ timeUnixNano: TIME, attributes }))[0]).toMatchObject({
      LogAttributes: {
        text: 'x',
        yes: 'true',
        int: '-9223372036854775808',
        number: '42',
        double: '1.5',
        bytes: 'AQID',
        list: '[1,"a"]',
        map: '{"k":false}',
      },
    })
  })

  it('accepts whole numbers beyond 64 bits as the doubles they were, as the JavaScript SDK writes them', () => {
    const values = [
      '1e21',
      '9223372036854775808',
      '-9223372036854775809',
      '9223372036854775807',
      '-9223372036854775808',
    ]
    const attributes = values.map(text => `{"key":"${text}","value":{"intValue":${text}}}`)
    const record = `{"timeUnixNano":"${TIME}","attributes":[${attributes.join(',')}]}`
    const text = `{"resourceLogs":[{"scopeLogs":[{"logRecords":[${record}]}]}]}`
    expect(jsonRows('logs', text)[0]).toMatchObject({
      LogAttributes: {
        '1e21': '1e+21',
        '9223372036854775808': '9223372036854776000',
        '-9223372036854775809': '-9223372036854776000',
        '9223372036854775807': '9223372036854775807',
        '-9223372036854775808': '-9223372036854775808',
      },
    })
  })

  it('accepts special doubles by name', () => {
    const points = ['NaN', 'Infinity', '-Infinity', '2.5', 7].map(asDouble => ({
      timeUnixNano: TIME,
      asDouble,
    }))
    const metrics = [{ name: 'm', gauge: { dataPoints: points } }]
    const rows = jsonRows('metrics', { resourceMetrics: [{ scopeMetrics: [{ metrics }] }] })
    expect(rows.map(row => row['Value'])).toEqual([Number.NaN, Infinity, -Infinity, 2.5, 7])
  })

  it('ignores unknown fields and nulls', () => {
    const fields = { timeUnixNano: TIME, timeunixnano: 'x', __proto__x: 1, later: { a: [1] }, body: null }
    expect(jsonRows('logs', log(fields))).toEqual(jsonRows('logs', log({ timeUnixNano: TIME })))
  })

  it('accepts the protobuf field names as well', () => {
    const spelled = (value: unknown): unknown =>
      Array.isArray(value)
        ? value.map(spelled)
        : typeof value === 'object' && value !== null
          ? Object.fromEntries(
              Object.entries(value).map(([name, inner]) => [
                name.replaceAll(/[A-Z]/g, capital => `_${capital.toLowerCase()}`),
                spelled(inner),
              ]),
            )
          : value
    const request = log({
      timeUnixNano: TIME,
      severityNumber: 9,
      traceId: '0af7651916cd43dd8448eb211c80319c',
      body: { kvlistValue: { values: [{ key: 'aB', value: { intValue: '7' } }] } },
    })
    expect(jsonRows('logs', spelled(request))).toEqual(jsonRows('logs', request))
    expect(() => jsonRows('logs', log({ timeUnixNano: TIME, time_unix_nano: TIME }))).toThrow('there once')
  })

  it.each([
    ['1796019300e9', '1796019300000000000'],
    ['1.796019300123456789E+18', '1796019300123456789'],
    ['"1796019300.5e9"', '1796019300500000000'],
    ['1796019300123456789.000', '1796019300123456789'],
    ['"17960193000000000000e-1"', '1796019300000000000'],
  ])('accepts the time %s', (text, nanoseconds) => {
    const body = `{"resourceLogs":[{"scopeLogs":[{"logRecords":[{"timeUnixNano":${text}}]}]}]}`
    const plain = log({ timeUnixNano: nanoseconds })
    const bytes = jsonToProtobuf('logs', Buffer.from(JSON.stringify(plain)))
    expect(jsonToProtobuf('logs', Buffer.from(body))).toEqual(bytes)
  })

  it.each([
    ['5e0', '5'],
    ['"-1.5e1"', '-15'],
    ['9.223372036854775807e18', '9223372036854775807'],
    ['0e99', '0'],
    ['"0.0"', '0'],
  ])('accepts the integer %s', (text, integer) => {
    const body = (value: string) =>
      `{"resourceLogs":[{"scopeLogs":[{"logRecords":[{"body":{"intValue":${value}}}]}]}]}`
    expect(jsonToProtobuf('logs', Buffer.from(body(text)))).toEqual(
      jsonToProtobuf('logs', Buffer.from(body(`"${integer}"`))),
    )
  })

  it('reports what it ignores where items belong', () => {
    const told = (request: unknown): readonly string[] => {
      const paths: string[] = []
      jsonToProtobuf('traces', Buffer.from(JSON.stringify(request)), undefined, path => paths.push(path))
      return paths
    }
    const spans = [{ name: 'a', later: [1] }]
    expect(told({ resourceSpans: [{ scopeSpans: [{ spans, more: 1 }] }], later: 'x' })).toEqual([])
    expect(
      told({
        resourceSpans: [{ instrumentationLibrarySpans: [{ spans }] }, { scopeSpans: [{ span: spans }] }],
      }),
    ).toEqual(['$.resourceSpans[0].instrumentationLibrarySpans', '$.resourceSpans[1].scopeSpans[0].span'])
  })

  it('accepts an empty request', () => {
    for (const signal of ['traces', 'metrics', 'logs'] as const) {
      expect(jsonToProtobuf(signal, Buffer.from('{}')).length).toBe(0)
    }
  })

  it.each([
    ['', 'Not JSON'],
    ['{"resourceLogs":', 'Not JSON'],
    ['[]', '$ is not an object'],
    ['{"resourceLogs":{}}', '$.resourceLogs is not an array'],
    ['{"resourceLogs":[null]}', '$.resourceLogs[0] is not an object'],
    ['{"resourceLogs":[{"schemaUrl":5}]}', '$.resourceLogs[0].schemaUrl is not a string'],
    [
      JSON.stringify(log({ timeUnixNano: '-1' })),
      'timeUnixNano is not an integer from 0 to 18446744073709551615',
    ],
    [JSON.stringify(log({ timeUnixNano: 1.5 })), 'timeUnixNano is not an integer'],
    [
      '{"resourceLogs":[{"scopeLogs":[{"logRecords":[{"timeUnixNano":1e300}]}]}]}',
      'timeUnixNano is not an integer from 0 to 18446744073709551615',
    ],
    ['{"resourceLogs":[{"scopeLogs":[{"logRecords":[{"timeUnixNano":"1.5e0"}]}]}]}', 'is not an integer'],
    ['{"resourceLogs":[{"scopeLogs":[{"logRecords":[{"timeUnixNano":"0x10"}]}]}]}', 'is not an integer'],
    [
      '{"resourceLogs":[{"scopeLogs":[{"logRecords":[{"body":{"intValue":"1e19"}}]}]}]}',
      'intValue is not an integer from -9223372036854775808 to 9223372036854775807',
    ],
    [
      JSON.stringify(log({ traceId: 'xyz' })),
      '$.resourceLogs[0].scopeLogs[0].logRecords[0].traceId is not an id in hex',
    ],
    [JSON.stringify(log({ severityNumber: 'LOUD' })), 'severityNumber is not an integer'],
    [JSON.stringify(log({ flags: 2 ** 32 })), 'flags is not an integer from 0 to 4294967295'],
    [JSON.stringify(log({ body: { bytesValue: '?' } })), 'body.bytesValue is not bytes in base64'],
    [JSON.stringify(log({ body: { doubleValue: 'much' } })), 'body.doubleValue is not a number'],
    [JSON.stringify(log({ body: { boolValue: 1 } })), 'body.boolValue is not true or false'],
  ])('refuses %s', (text, message) => {
    expect(() => jsonToProtobuf('logs', Buffer.from(text))).toThrow(
      expect.objectContaining({ code: 'body_undecodable', message: expect.stringContaining(message) }),
    )
  })

  it('limits depth, with and without numbers that must be read exactly', () => {
    let body: object = { stringValue: 'deep' }
    for (let level = 0; level < 400; level++) body = { arrayValue: { values: [body] } }
    const deep = log({ timeUnixNano: TIME, body })
    expect(() => jsonRows('logs', deep)).toThrow('levels')
    const nested = `${'['.repeat(50_000)}${']'.repeat(50_000)}`
    const unknown = `{"x":${nested},"resourceLogs":[{"scopeLogs":[{"logRecords":[{"timeUnixNano":${TIME}1}]}]}]}`
    expect(() => jsonToProtobuf('logs', Buffer.from(unknown))).toThrow(WattlineError)
  })

  it('writes bodies that the decoder accepts, for any values', () => {
    fc.assert(
      fc.property(
        fc.array(fc.record({ body: value, traceId: hex(32), spanId: hex(16), severityText: fc.string() }), {
          maxLength: 5,
        }),
        records => {
          const logRecords = records.map(record => ({ timeUnixNano: TIME, ...record }))
          const rows = jsonRows('logs', { resourceLogs: [{ scopeLogs: [{ logRecords }] }] })
          expect(rows.map(row => row['SeverityText'])).toEqual(
            records.map(record => record.severityText.toWellFormed()),
          )
        },
      ),
      { numRuns: 100 },
    )
  })

  it('throws only WattlineError on mutated text', () => {
    const text = JSON.stringify(
      log({ timeUnixNano: TIME, body: { intValue: '5' }, traceId: '0a'.repeat(16) }),
    )
    fc.assert(
      fc.property(fc.nat(text.length - 1), fc.string({ minLength: 1, maxLength: 3 }), (at, inserted) => {
        try {
          jsonToProtobuf('logs', Buffer.from(text.slice(0, at) + inserted + text.slice(at + 1)))
        } catch (error) {
          expect(error).toMatchObject({ code: 'body_undecodable' })
        }
      }),
    )
  })
})
