import { execFileSync } from 'node:child_process'
import { existsSync } from 'node:fs'

/** Paths of the files that git has or would add, from the root; filtered by patterns such as `*.md`. */
export function repositoryFiles(...patterns: readonly string[]): readonly string[] {
  const listed = ['ls-files', '--cached', '--others', '--exclude-standard', ...patterns]
  return execFileSync('git', listed, { encoding: 'utf8' })
    .split('\n')
    .filter(path => path !== '' && existsSync(path))
}
