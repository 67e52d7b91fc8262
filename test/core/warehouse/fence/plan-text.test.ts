// Guarantees: a printed plan shows nothing of the stored parts, whether tables are empty or not.
import { expect, it } from 'vitest'
import { withoutReads } from '../../../../core/warehouse/fence/plan-text.ts'

const plan = (read: string): string =>
  `Output: a, count()\n\nAggregating\n│  Keys: a\n└──Join\n   ├──Filter (WHERE)\n   │  │  Filter column: Duration > 3\n   │  └──${read.replaceAll('\n', '\n   │     ')}\n   └──ReadFromSystemNumbers\n         Output: number\n`

it('shows the same for tables with and without parts', () => {
  const full = plan(
    "ReadFromMergeTree (wattline.otel_traces)\n      Parts: 17 | Granules: 4\n      Row level filter\n      Row level filter column: Tenant = 'x'",
  )
  const shown = withoutReads(full)
  expect(shown).toBe(withoutReads(plan('ReadNothing (Read from NullSource)')))
  expect(shown).toBe(
    'Output: a, count()\n\nAggregating\n│  Keys: a\n└──Join\n   ├──Filter (WHERE)\n   │  │  Filter column: Duration > 3\n   │  └──Read\n   └──Read',
  )
})
