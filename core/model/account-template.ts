/** Names of accounts that are made of what a workload says: `team-${label:team}`. */

const PARTS = ['tenant', 'host', 'zone', 'kind', 'namespace', 'name', 'cluster', 'project', 'label'] as const

/** What a placeholder asks for: one of the parts that rules can match, or a label by its key. */
export interface AccountPart {
  readonly part: (typeof PARTS)[number]
  /** Of `label`; '' otherwise. */
  readonly key: string
}

const PLACEHOLDER = /\$\{([^}]*)\}/g

function partOf(text: string): AccountPart | null {
  const [, label] = /^label:(.+)$/s.exec(text) ?? []
  if (label !== undefined) return { part: 'label', key: label }
  const part = PARTS.find(one => one === text && one !== 'label')
  return part === undefined ? null : { part, key: '' }
}

/** The placeholders of a template, in order. */
export const placeholdersOf = (template: string): readonly AccountPart[] =>
  [...template.matchAll(PLACEHOLDER)].flatMap(([, text = '']) => partOf(text) ?? [])

/** Placeholders that ask for something that there is not. */
export const unknownPlaceholders = (template: string): readonly string[] =>
  [...template.matchAll(PLACEHOLDER)].flatMap(([whole, text = '']) => (partOf(text) === null ? [whole] : []))

/** The account; null where a part of it would be empty. */
export function fillAccount(template: string, read: (part: AccountPart) => string): string | null {
  let complete = true
  const account = template.replaceAll(PLACEHOLDER, (whole, text: string) => {
    const part = partOf(text)
    if (part === null) return whole
    const value = read(part)
    complete &&= value !== ''
    return value
  })
  return complete ? account : null
}
