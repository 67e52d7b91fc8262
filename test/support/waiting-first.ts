import { BaseSequencer, type TestSpecification } from 'vitest/node'

/** Tests of whole processes wait more than they work; at the end a worker would wait alone. */
const rank = ({ moduleId, project }: TestSpecification): number =>
  project.name === 'unit' ? 2 : moduleId.includes('/e2e/') ? 0 : 1

/**
 * Runs tests of whole processes first, and unit tests last and one after the other: one process then runs many of their
 * files.
 */
export class WaitingFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const sorted = await super.sort(files)
    return sorted.toSorted((a, b) => rank(a) - rank(b))
  }
}
