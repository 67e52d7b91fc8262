// Guarantees: of an erased tenant the log keeps no silence, and of other tenants all; done again, it changes nothing.
import { expect, it } from 'vitest'
import { createAlertLog, silenceKey } from '../../../core/alerting/alert-log.ts'
import { silences } from '../../../core/model/streams/index.ts'
import { eraseSilences } from '../../../processors/erase/silences.ts'
import { memoryLog } from '../../support/memory-log.ts'

it('supersedes the silences of the tenant', async () => {
  const log = memoryLog()
  const alertLog = createAlertLog(log, () => 0)
  const content = { id: 's1', matchers: { a: 'b' }, startsAt: 0, endsAt: 9, createdBy: 'shop', comment: '' }
  await alertLog.silence('shop', content)
  await alertLog.silence('bank', content)
  expect(await eraseSilences(log, 'shop', 1)).toBe(1)
  const left = [...(await log.newest(silences.name))].map(([key, { value, headers }]) => [
    key,
    value.length > 0,
    headers,
  ])
  expect(left).toEqual([
    [silenceKey('shop', 's1'), false, { kind: 'erased' }],
    [silenceKey('bank', 's1'), true, {}],
  ])
  expect(silenceKey('shop', 's1')).not.toContain('shop')
  expect(await eraseSilences(log, 'shop', 2)).toBe(0)
})
