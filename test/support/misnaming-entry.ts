// The command line, with a defect: a version with another name for a column, which therefore refuses good records of
// spans.
import { traces } from '../../core/model/streams/index.ts'

const column = traces.columns.find(({ name }) => name === 'StatusMessage')
if (column === undefined) throw new Error('traces have no column StatusMessage')
Object.assign(column, { name: 'StatusText' })
await import('../../cli/wattline.ts')
