import { WattlineError } from '../catalogue/errors/errors.ts'
import type { Events } from '../catalogue/events/events.ts'
import { openReloadedFiles, type ReloadedFiles } from '../runtime/reloaded-files.ts'
import { parseTokenList, type TokenEntry } from './token-list.ts'
import { createTokenTable, type TokenTable } from './token-table.ts'

interface TokensFileOptions {
  readonly path: string
  readonly events: Events
  /** Accepted in addition to the tokens in the file. */
  readonly besides?: readonly TokenEntry[]
  readonly pollMs?: number
}

/** The current tokens of the file. @throws WattlineError `config_invalid` with all problems of the file */
export const openTokensFile = ({
  path,
  besides = [],
  ...rest
}: TokensFileOptions): Promise<ReloadedFiles<TokenTable>> =>
  openReloadedFiles({
    ...rest,
    what: 'auth.tokens_file',
    paths: [path],
    parse: contents => createTokenTable([...readTokens(path, Buffer.concat(contents)), ...besides]),
  })

/** @throws WattlineError `config_invalid` with all problems at once. */
export function readTokens(path: string, content: Buffer): readonly TokenEntry[] {
  const result = parseTokenList(content.toString('utf8'))
  if (result.ok) return result.entries
  const problems = result.problems.map(({ path: place, problem }) =>
    place === '' ? problem : `${place}: ${problem}`,
  )
  throw new WattlineError('config_invalid', `${path} ${problems.join('; ')}.`)
}
