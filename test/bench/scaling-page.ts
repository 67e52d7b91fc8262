/**
 * Rewrites the computed parts of docs/scaling.md, after a change of unit costs or assumptions: the table of unit costs, and
 * under each `simulate --plan` what that command prints.
 *
 *   node test/bench/scaling-page.ts
 */
import { readFileSync, writeFileSync } from 'node:fs'
import { planText } from '../../simulate/plan/command.ts'
import { readUnitCosts } from '../../simulate/plan/costs.ts'
import { renderCosts } from '../../simulate/plan/render.ts'

const page = new URL('../../docs/scaling.md', import.meta.url)
const before = readFileSync(page, 'utf8')
const withCosts = before.replace(/^\| of a million [\s\S]*?(?=\nHow to read it)/m, () =>
  renderCosts(readUnitCosts()),
)
const after = withCosts.replace(
  /(simulate --plan (\S+)\n```\n\n```text\n)[\s\S]*?^```/gm,
  (_, head: string, sizes: string) => `${head}${planText(sizes, 'text')}\`\`\``,
)
writeFileSync(page, after)
