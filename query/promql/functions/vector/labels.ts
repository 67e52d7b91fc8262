/** `label_replace` and `label_join`. */
import { executionError } from '../../model/errors.ts'
import { type Labels, labelValue, NAME, withLabels } from '../../model/labels.ts'
import { anchoredPattern } from '../../model/matchers.ts'
import { type Block, relabel } from '../../series/block.ts'
import type { Environment } from '../environment.ts'

/** What a call does to the labels of a row; undefined where it leaves them. */
type Relabelling = (labels: Labels) => Labels | undefined

/** Changes the labels of all rows. A name that is set here stays, whatever was to happen to the old one. */
function changeLabels(
  env: Environment,
  place: object,
  block: Block,
  target: string,
  change: Relabelling,
): Block {
  const { labels, isChanged } = env.memo.of(place, block.labels, () => {
    const changed = block.labels.map(change)
    return {
      labels: changed.map((each, row) => each ?? block.labels[row] ?? []),
      isChanged: changed.map(each => each !== undefined),
    }
  })
  const dropsName = block.dropsName?.map(
    (drops, row) => drops && !(target === NAME && isChanged[row] === true),
  )
  return relabel(block, labels, dropsName)
}

function checkName(where: string, name: string): void {
  if (name === '') throw executionError(`${where} needs the name of a label, got ""`)
}

interface Replacement {
  readonly target: string
  readonly replacement: string
  readonly source: string
  readonly pattern: string
}

/** `place` is the call in the text. */
export function labelReplace(env: Environment, place: object, block: Block, how: Replacement): Block {
  const { target, replacement, source, pattern } = how
  const compiled = anchoredPattern(pattern)
  if (compiled === undefined) {
    throw executionError(`label_replace got a regular expression that is not valid: ${pattern}`)
  }
  checkName('label_replace', target)
  return changeLabels(env, place, block, target, labels => {
    const matcher = compiled.matcher(labelValue(labels, source))
    if (!matcher.find()) return undefined
    return withLabels(labels, { [target]: expand(replacement, name => groupOf(matcher, name)) })
  })
}

interface MatchGroups {
  groupCount(): number
  group(group: string | number): string | null
}

function groupOf(matcher: MatchGroups, name: string): string {
  if (/^\d+$/.test(name)) {
    const index = Number(name)
    return index <= matcher.groupCount() ? (matcher.group(index) ?? '') : ''
  }
  try {
    return matcher.group(name) ?? ''
  } catch {
    return ''
  }
}

/** `$1`, `${1}` and `$name` stand for what groups matched, `$$` for a dollar. A name goes as far as it can. */
export function expand(template: string, group: (name: string) => string): string {
  return template.replaceAll(
    /\$(?:\$|([\p{L}\p{N}_]+)|\{([\p{L}\p{N}_]+)\})/gu,
    (whole, plain: string | undefined, braced: string | undefined) => {
      if (whole === '$$') return '$'
      return group(plain ?? braced ?? '')
    },
  )
}

export function labelJoin(
  env: Environment,
  place: object,
  block: Block,
  { target, separator, sources }: { target: string; separator: string; sources: readonly string[] },
): Block {
  for (const name of [target, ...sources]) checkName('label_join', name)
  return changeLabels(env, place, block, target, labels =>
    withLabels(labels, { [target]: sources.map(source => labelValue(labels, source)).join(separator) }),
  )
}
