/**
 * Templates of mappings: text with labels in braces. `{a}` is the label `a`, `{a|b}` the first of them that is not empty,
 * and `{a|"0"}` falls back to a text.
 */

/** A part that labels fill: the first that is not empty, or the text; null: nothing fills it. */
interface TemplateSlot {
  readonly labels: readonly string[]
  readonly otherwise: string | null
}

/** A template in parts. */
export type Template = readonly (string | TemplateSlot)[]

/** Reads a label; '' where there is none. */
export type LabelReader = (name: string) => string

/** @returns why the text is not a template */
export function parseTemplate(text: string): Template | { readonly problem: string } {
  const parts: (string | TemplateSlot)[] = []
  let at = 0
  while (at < text.length) {
    const open = text.indexOf('{', at)
    const fixed = text.slice(at, open < 0 ? text.length : open)
    if (fixed.includes('}')) return { problem: `${JSON.stringify(text)} has a } without a {` }
    if (fixed !== '') parts.push(fixed)
    if (open < 0) break
    const close = text.indexOf('}', open)
    if (close < 0) return { problem: `${JSON.stringify(text)} has a { without a }` }
    const slot = slotOf(text.slice(open + 1, close))
    if (slot === null) {
      return {
        problem: `${JSON.stringify(text)} does not name labels between { and }. Write {label}, {first|second} or {label|"text"}`,
      }
    }
    parts.push(slot)
    at = close + 1
  }
  return parts
}

function slotOf(text: string): TemplateSlot | null {
  const names = text.split('|')
  const fallback = /^"([^"{}]*)"$/.exec(names.at(-1)!)
  const labels = fallback === null ? names : names.slice(0, -1)
  const isGood = labels.every(name => /^[^\s"{}|]{1,128}$/.test(name))
  return isGood && (labels.length > 0 || fallback !== null)
    ? { labels, otherwise: fallback === null ? null : fallback[1]! }
    : null
}

/** The text; null: a label is missing. */
export function renderTemplate(template: Template, read: LabelReader): string | null {
  let text = ''
  for (const part of template) {
    if (typeof part === 'string') {
      text += part
      continue
    }
    const label = part.labels.find(name => read(name) !== '')
    if (label === undefined && part.otherwise === null) return null
    text += label === undefined ? part.otherwise : read(label)
  }
  return text
}

/** The text before the first label. */
export const fixedStart = (template: Template): string => (typeof template[0] === 'string' ? template[0] : '')
