import { mappingProblems } from '../../mappings/problems.ts'
import { BUILT_IN_ROWS } from '../../mappings/table/table.ts'
import type { ConfigProblem } from './problem.ts'
import type { Config } from './schema.ts'

/** Mappings that do not say what they measure, or read what another one reads. */
export const mappingsProblems = ({ mappings }: Pick<Config, 'mappings'>): ConfigProblem[] =>
  mappingProblems(mappings, BUILT_IN_ROWS).map(({ path, problem }) => ({
    path: `mappings.${path}`,
    problem,
  }))
