// Guarantees: the numbers of docs/walkthrough-span.md equal those of the code: the size of its request as protobuf, its
// decoded row, the limits of a batch and of a poll, and the token of its insert.
import { readFileSync } from 'node:fs'
import { expect, it } from 'vitest'
import { SpanRecordBatch } from '../../collector/otlp/decode/span-batch.ts'
import { decodeTraces } from '../../collector/otlp/decode/traces.ts'
import { jsonToProtobuf } from '../../collector/otlp/json/json.ts'
import { loadConfig } from '../../core/catalogue/config/load.ts'
import { silentEvents } from '../../core/catalogue/events/events.ts'
import { decodeRows } from '../../core/columns/rows.ts'
import { traces } from '../../core/model/streams/index.ts'
import { createStore } from '../../processors/store/store.ts'
import { tokenOf } from '../../processors/store/token.ts'
import { CONTEXT } from '../collector/otlp/decode/support.ts'
import { SPAN_PAGE, spanRequest } from '../support/span-page.ts'

const page = SPAN_PAGE
const bytes = jsonToProtobuf('traces', Buffer.from(spanRequest()))

it('names the size of the request as protobuf', () => {
  expect(page).toContain(`becomes ${bytes.length} bytes`)
})

it('shows the row that the request decodes to', () => {
  const batch = new SpanRecordBatch()
  decodeTraces(bytes, { ...CONTEXT, tenant: 'default' }, batch)
  const [row, ...more] = decodeRows(traces, batch.finish())
  expect(more).toEqual([])
  expect(page).toContain(`one row of ${traces.columns.length} columns`)
  const said = Object.entries(row!)
    .map(
      ([name, value]) => [name, typeof value === 'object' ? JSON.stringify(value) : String(value)] as const,
    )
    .filter(([, text]) => !['', '0', '[]', '{}'].includes(text))
  const shown = [...page.matchAll(/^\| `(\w+)` \| `(.+)` \|$/gm)].map(([, name, value]) => [name, value])
  expect(shown).toEqual(said)
})

it('names the limits of a batch and of a poll', () => {
  const { rows, bytes: size, wait_ms, thin_wait_ms } = loadConfig(undefined, {}).group_commit
  const { poll } = createStore({ streams: [traces], warehouse: {} as never, events: silentEvents })
  for (const text of [
    `at ${rows.toLocaleString('en')} rows`,
    `at ${size.toLocaleString('en')} bytes`,
    `at most ${wait_ms} ms`,
    `up to ${thin_wait_ms.toLocaleString('en')} ms`,
    `up to ${poll.maxRecords} records`,
  ]) {
    expect(page).toContain(text)
  }
})

it('names the token of the insert', () => {
  expect(page).toContain(`\`${tokenOf('traces', 3, 41n, '')}\`, preceded by the identity of the log`)
  expect(tokenOf('traces', 3, 41n, 'a1b2')).toBe('a1b2/traces/3/41')
})

it('names files that exist', () => {
  const named = [...page.matchAll(/`((?:collector|core|processors|query|test)\/[\w./-]+)`/g)].map(
    ([, path]) => path!,
  )
  expect(named.length).toBeGreaterThan(8)
  expect(named.filter(path => !fileOrFolder(path))).toEqual([])
})

function fileOrFolder(path: string): boolean {
  try {
    readFileSync(path)
    return true
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EISDIR'
  }
}
