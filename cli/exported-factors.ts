/** What is in force, as the YAML of factor files: `put` takes it again. */
import { stringify } from 'yaml'
import type { EmbodiedAnswer, TariffsAnswer } from '../core/api/answers.ts'

/** Price lists, the most specific first. */
export const priceListFile = ({ lists }: Pick<TariffsAnswer, 'lists'>): string =>
  text({ price_lists: lists.map(({ terms }) => terms) })

/** @throws RangeError where the answer does not tell which hosts are of a type */
export const embodiedFile = ({ host_types: types }: EmbodiedAnswer): string =>
  text({
    embodied: types.map(({ host_type, hosts, kg, years, gpus, valid_from, valid_to, source }) => {
      if (hosts === null) throw new RangeError('Only tokens of tenant default see which hosts are of a type.')
      return { host_type, hosts, kg, years, gpus, valid_from, valid_to, source }
    }),
  })

/** Without what is absent; lines are not broken, so that a diff of two exports shows whole values. */
const text = (content: object): string =>
  stringify(JSON.parse(JSON.stringify(content, (_, value: unknown) => value ?? undefined)), { lineWidth: 0 })
