// Guarantees: messages of a group stay in order and in one partition; many share a record, none is lost, and a record has a bounded size.
import fc from 'fast-check'
import { expect, it } from 'vitest'
import type { AlertMessage } from '../../../core/alerts/groups.ts'
import { decodeRows } from '../../../core/columns/rows.ts'
import { notifications } from '../../../core/model/streams/index.ts'
import { messageRecords } from '../../../processors/alert/records.ts'

const message = (id: number, groupKey: string, summary: string): AlertMessage => ({
  id: `msg_${id}`,
  receiver: 'ops',
  groupKey,
  groupLabels: {},
  commonLabels: {},
  commonAnnotations: { summary },
  status: 'firing',
  alerts: [],
})

it('keeps all messages, by group in order', () => {
  const one = fc.record({ group: fc.nat(20), length: fc.constantFrom(1, 100, 200_000) })
  fc.assert(
    fc.property(fc.array(one, { maxLength: 60 }), list => {
      const messages = list.map(({ group, length }, id) => ({
        tenant: group % 2 === 0 ? 'a' : 'b',
        message: message(id, `g${group}`, 'x'.repeat(length)),
      }))
      const records = messageRecords(messages, 3, 1_000)
      const found = records.flatMap(({ partition, record }) =>
        decodeRows(notifications, record.value).map(row => ({ partition, row })),
      )
      expect(found).toHaveLength(messages.length)
      for (const of of Map.groupBy(found, ({ row }) => `${row.Tenant}/${row.GroupKey}`).values()) {
        expect(new Set(of.map(({ partition }) => partition)).size).toBe(1)
        const ids = of.map(({ row }) => Number(row.NotificationId.slice(4)))
        expect(ids).toEqual(ids.toSorted((x, y) => x - y))
      }
    }),
    { seed: 17, numRuns: 30 },
  )
})

it('puts ten thousand small messages into few records, and large ones apart', () => {
  const small = Array.from({ length: 10_000 }, (_, id) => ({
    tenant: 'a',
    message: message(id, `g${id}`, ''),
  }))
  const records = messageRecords(small, 4, 0)
  expect(records.length).toBeLessThanOrEqual(24)
  const large = [1, 2, 3].map(id => ({ tenant: 'a', message: message(id, 'g', 'x'.repeat(400_000)) }))
  expect(messageRecords(large, 4, 0)).toHaveLength(3)
})
