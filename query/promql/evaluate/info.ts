/** `info`: adds labels of info series, such as `target_info`, to other series. */
import { type Environment, newBlock } from '../functions/environment.ts'
import { executionError } from '../model/errors.ts'
import {
  formatLabels,
  isMetadata,
  type Labels,
  labelValue,
  NAME,
  recordOf,
  withLabels,
} from '../model/labels.ts'
import { type Matcher, matcherTest } from '../model/matchers.ts'
import { type Block, copyCell, FLOAT, NO_SAMPLE } from '../series/block.ts'
import type { Grid } from '../series/grid.ts'
import type { Call } from '../syntax/ast.ts'
import { unwrap } from '../syntax/ast.ts'
import type { Evaluator } from './evaluator.ts'
import { infoDataMatchers, infoNameMatchers } from './info-reference.ts'

/** Labels that tell which target a series belongs to. */
const IDENTIFYING = ['instance', 'job']

const identityOf = (labels: Labels): string =>
  JSON.stringify(IDENTIFYING.map(name => labelValue(labels, name)))

const hasIdentity = (labels: Labels): boolean => IDENTIFYING.some(name => labelValue(labels, name) !== '')

/** Info series by name and target, with the newest sample of each at one step. */
type Current = ReadonlyMap<string, ReadonlyMap<string, { readonly labels: Labels; readonly time: number }>>

export function callInfo(evaluator: Evaluator, node: Call, grid: Grid): Block {
  const { env, plan } = evaluator
  const [argument] = node.args
  const selector = plan.infoSelectors.get(node)
  if (argument === undefined || selector === undefined) throw new Error('info without an argument')
  const base = evaluator.block(unwrap(argument), grid)
  const isInfo = testOf(infoNameMatchers(node))
  const data = infoDataMatchers(node)
  const info = evaluator.select(selector, grid, 'time')
  const need = plan.needOf.get(selector)
  if (need !== undefined && evaluator.reader.storeOf(need.id).histograms.length > 0) {
    throw executionError('info found an info series with histograms: info series must be floats')
  }
  const rows = new InfoRows(base, data)
  for (let step = 0; step < grid.steps; step += 1) {
    env.budget.checkNow()
    const current = currentInfo(info, step)
    for (let row = 0; row < base.labels.length; row += 1) {
      const cell = row * base.steps + step
      const labels = base.labels[row] ?? []
      if (base.kinds[cell] === NO_SAMPLE) continue
      if (isInfo(labelValue(labels, NAME))) rows.put(row, step, labels)
      else rows.put(row, step, rows.enriched(labels, current))
    }
  }
  return rows.block(env)
}

function testOf(matchers: readonly Matcher[]): (value: string) => boolean {
  const tests = matchers.map(matcherTest)
  return value => tests.every(test => test(value))
}

/** The info series that are there at a step: of those of one target the newest. */
function currentInfo(info: Block, step: number): Current {
  const current = new Map<string, Map<string, { labels: Labels; time: number }>>()
  for (let row = 0; row < info.labels.length; row += 1) {
    const cell = row * info.steps + step
    const labels = info.labels[row] ?? []
    if (info.kinds[cell] !== FLOAT || !hasIdentity(labels)) continue
    const name = labelValue(labels, NAME)
    const byTarget = current.get(name) ?? new Map<string, { labels: Labels; time: number }>()
    current.set(name, byTarget)
    const target = identityOf(labels)
    const known = byTarget.get(target)
    const time = info.values[cell] ?? 0
    if (known !== undefined && known.time === time) {
      throw executionError(
        `info found two series of one target with the same time: ${formatLabels(known.labels)} and ${formatLabels(labels)}`,
      )
    }
    if (known === undefined || known.time < time) byTarget.set(target, { labels, time })
  }
  return current
}

/** Rows of the result, which come to be as series get their labels. */
class InfoRows {
  readonly #base: Block
  readonly #data: readonly Matcher[]
  readonly #wanted: ReadonlySet<string>
  readonly #found: { readonly row: number; readonly step: number; readonly labels: Labels }[] = []

  constructor(base: Block, data: readonly Matcher[]) {
    this.#base = base
    this.#data = data
    this.#wanted = new Set(data.map(({ name }) => name))
  }

  /** The labels with those of the info series of the same target; undefined where a wanted label is missing. */
  enriched(labels: Labels, current: Current): Labels | undefined {
    const own = recordOf(labels)
    const added: Record<string, string> = {}
    let isFound = false
    const target = identityOf(labels)
    for (const byTarget of hasIdentity(labels) ? current.values() : []) {
      const info = byTarget.get(target)
      if (info === undefined) continue
      isFound = true
      this.#add(added, own, recordOf(info.labels))
    }
    const accepts = this.#data.every(matcher => matcherTest(matcher)(''))
    if (!isFound && !accepts) return undefined
    return Object.keys(added).length === 0 ? labels : withLabels(labels, added)
  }

  #add(
    added: Record<string, string>,
    own: Readonly<Record<string, string>>,
    info: Readonly<Record<string, string>>,
  ): void {
    for (const [name, value] of Object.entries(info)) {
      if (isMetadata(name) || (this.#wanted.size > 0 && !this.#wanted.has(name))) continue
      if (added[name] !== undefined && added[name] !== value) {
        throw executionError(`info series give the label ${JSON.stringify(name)} different values`)
      }
      if (own[name] === undefined) added[name] = value
    }
  }

  put(row: number, step: number, labels: Labels | undefined): void {
    if (labels !== undefined) this.#found.push({ row, step, labels })
  }

  block(env: Environment): Block {
    const positions = new Map<string, number>()
    const labels: Labels[] = []
    const drops: boolean[] = []
    const rowOf = (row: number, own: Labels): number => {
      const key = `${row} ${JSON.stringify(own)}`
      let position = positions.get(key)
      if (position === undefined) {
        position = labels.push(own) - 1
        drops.push(this.#base.dropsName?.[row] === true)
        positions.set(key, position)
      }
      return position
    }
    const targets = this.#found.map(({ row, labels: own }) => rowOf(row, own))
    const { steps } = this.#base
    const result = newBlock(env, labels, steps, this.#base.dropsName && drops)
    for (const [index, { row, step }] of this.#found.entries()) {
      copyCell(this.#base, row * steps + step, result, (targets[index] ?? 0) * steps + step)
    }
    return result
  }
}
