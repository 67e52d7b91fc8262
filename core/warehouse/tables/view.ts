/** Views, which carry a digest of the text that they were made from: the engine prints a view in its own words. */
import { digest } from '../../model/digest.ts'
import { type Dialect, qualified } from './ddl.ts'

/** Prefix of a view's comment, before the digest. */
export const MADE_FROM = 'made from '

/** The statement that creates or replaces a view. */
export const viewStatement = (name: string, select: string, dialect: Dialect): string =>
  [
    `CREATE OR REPLACE VIEW ${qualified(dialect, name)}${dialect.onCluster} AS`,
    select,
    `COMMENT '${MADE_FROM}${digest(select, 16)}'`,
  ].join('\n')

/** Whether a view's definition, as the engine prints it, was made from this text. */
export function isMadeFrom(text: string, definition: string): boolean {
  const mark = text.slice(text.lastIndexOf(MADE_FROM))
  return definition.includes(mark.slice(0, MADE_FROM.length + 16))
}
