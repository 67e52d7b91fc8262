import { createHash } from 'node:crypto'
import { type AnchoredRegex, compileAnchored } from '../../../core/catalogue/config/anchored-regex.ts'
import type { RelabelRule } from '../../../core/catalogue/config/keys/scrape.ts'

/** Changes the labels in place; false when their target or sample is dropped. */
export type Relabel = (labels: Map<string, string>) => boolean

/** Rules in order, as Prometheus applies them. Labels with an empty value are removed. */
export function createRelabel(rules: readonly RelabelRule[]): Relabel {
  const steps = rules.map(createStep)
  return labels => steps.every(step => step(labels))
}

function createStep(rule: RelabelRule): Relabel {
  const regex = compileAnchored(rule.regex)
  const source = (labels: Map<string, string>): string =>
    rule.source_labels.map(name => labels.get(name) ?? '').join(rule.separator)
  switch (rule.action) {
    case 'keep':
      return labels => regex.matches(source(labels))
    case 'drop':
      return labels => !regex.matches(source(labels))
    case 'hashmod':
      return labels => set(labels, rule.target_label!, String(hashMod(source(labels), rule.modulus!)))
    case 'labeldrop':
      return labels => removeWhere(labels, name => regex.matches(name))
    case 'labelkeep':
      return labels => removeWhere(labels, name => !regex.matches(name))
    case 'labelmap':
      return labels => labelMap(labels, regex, rule.replacement)
    default:
      return labels => replace(labels, regex, rule, source(labels))
  }
}

function replace(
  labels: Map<string, string>,
  regex: AnchoredRegex,
  rule: RelabelRule,
  text: string,
): boolean {
  const value = regex.expand(text, rule.replacement)
  const name = value === undefined ? undefined : regex.expand(text, rule.target_label!)
  return value === undefined || name === undefined || name === '' || set(labels, name, value)
}

function labelMap(labels: Map<string, string>, regex: AnchoredRegex, template: string): boolean {
  for (const [name, value] of [...labels]) {
    const mapped = regex.expand(name, template)
    if (mapped !== undefined && mapped !== '') set(labels, mapped, value)
  }
  return true
}

function removeWhere(labels: Map<string, string>, isUnwanted: (name: string) => boolean): boolean {
  for (const name of [...labels.keys()]) if (isUnwanted(name)) labels.delete(name)
  return true
}

function set(labels: Map<string, string>, name: string, value: string): boolean {
  if (value === '') labels.delete(name)
  else labels.set(name, value)
  return true
}

/** The last eight bytes of the MD5 as a big-endian number, as in Prometheus, so that shards are the same. */
const hashMod = (text: string, modulus: number): bigint =>
  createHash('md5').update(text).digest().readBigUInt64BE(8) % BigInt(modulus)
